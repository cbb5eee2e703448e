#include "debug/image_symbols.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/mutex.h"
#include "debug/symbol_file.h"

namespace dragoman::debug {

namespace {

int open_file(const std::string& path) { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY); }

class ImageSymbols : public engine::Symbols {
public:
    explicit ImageSymbols(const std::vector<std::string>& paths) {
        for (const std::string& path : paths) {
            const int fd = open_file(path);
            if (fd < 0) continue;
            if (auto file = SymbolFile::read(fd, path, open_file)) files_.push_back(std::move(file));
            ::close(fd);
        }
    }

    std::string name(u64 address) override {
        LockGuard guard(lock_);
        const SymbolFile* file = file_of(address);
        return file != nullptr ? file->name(address) : std::string();
    }

    Line line(u64 address) override {
        LockGuard guard(lock_);
        const SymbolFile* file = file_of(address);
        return file != nullptr ? file->line(address) : Line();
    }

    std::string module(u64 address) override {
        LockGuard guard(lock_);
        const SymbolFile* file = file_of(address);
        return file != nullptr ? file->path() : std::string();
    }

private:
    const SymbolFile* file_of(u64 address) const DRAGOMAN_REQUIRES(lock_) {
        for (const auto& file : files_) {
            if (file->contains(address)) return file.get();
        }
        return nullptr;
    }

    Mutex lock_;  // libdw reads more of a file when it is asked
    std::vector<std::unique_ptr<SymbolFile>> files_ DRAGOMAN_GUARDED_BY(lock_);
};

}  // namespace

std::unique_ptr<engine::Symbols> make_image_symbols(const std::vector<std::string>& paths) {
    return std::make_unique<ImageSymbols>(paths);
}

}  // namespace dragoman::debug
