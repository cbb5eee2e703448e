#include "debug/user/guest_symbols.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <map>

#include "base/mutex.h"
#include "debug/symbol_file.h"
#include "linux/files/path.h"
#include "linux/proc/guest_maps.h"

namespace dragoman::debug {

namespace {

int open_guest_file(const std::string& path) {
    return ::open(linux_abi::resolve_path(path).c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
}

class GuestSymbols : public engine::Symbols {
public:
    explicit GuestSymbols(const memory::UserSpace& space) : space_(space), pid_(::getpid()), tables_(new Tables) {}
    ~GuestSymbols() override { delete tables_.load(); }

    std::string name(u64 address) override {
        Tables& tables = own_tables();
        LockGuard guard(tables.lock);
        const Range* range = find(tables, address);
        return range != nullptr && range->file != nullptr ? range->file->name(address - range->bias) : std::string();
    }

    Line line(u64 address) override {
        Tables& tables = own_tables();
        LockGuard guard(tables.lock);
        const Range* range = find(tables, address);
        return range != nullptr && range->file != nullptr ? range->file->line(address - range->bias) : Line();
    }

    std::string module(u64 address) override {
        Tables& tables = own_tables();
        LockGuard guard(tables.lock);
        const Range* range = find(tables, address);
        return range != nullptr && range->file != nullptr ? range->file->path() : std::string();
    }

private:
    struct Range {
        u64 end = 0;
        u64 bias = 0;
        const SymbolFile* file = nullptr;  ///< null: nothing is known of it
    };
    struct Tables {
        Mutex lock;
        std::map<u64, Range> ranges DRAGOMAN_GUARDED_BY(lock);  ///< by start
        std::map<std::string, std::unique_ptr<SymbolFile>> files DRAGOMAN_GUARDED_BY(lock);
    };

    /// A child of fork may have inherited tables that another thread was changing.
    Tables& own_tables() {
        const pid_t pid = ::getpid();
        if (pid_.exchange(pid) != pid) tables_.store(new Tables);
        return *tables_.load();
    }

    const Range* find(Tables& tables, u64 address) DRAGOMAN_REQUIRES(tables.lock) {
        if (const Range* range = known(tables, address)) return range;
        look_up(tables);
        return known(tables, address);
    }

    static const Range* known(Tables& tables, u64 address) DRAGOMAN_REQUIRES(tables.lock) {
        auto next = tables.ranges.upper_bound(address);
        if (next == tables.ranges.begin()) return nullptr;
        const Range& range = std::prev(next)->second;
        return address < range.end ? &range : nullptr;
    }

    void look_up(Tables& tables) DRAGOMAN_REQUIRES(tables.lock) {
        tables.ranges.clear();
        const linux_abi::MemoryView view{"/proc/self", space_.guest_base(), space_.mappings()};
        for (const linux_abi::GuestMapping& mapping : linux_abi::guest_mappings(view)) {
            if (!has(mapping.flags, memory::PageFlags::Exec)) continue;
            Range range{.end = mapping.end};
            if (mapping.name.starts_with('/')) {
                range.file = file_at(tables, mapping.name);
                const auto address = range.file != nullptr ? range.file->address_of(mapping.offset) : std::nullopt;
                if (address) {
                    range.bias = mapping.start - *address;
                } else {
                    range.file = nullptr;
                }
            }
            tables.ranges[mapping.start] = range;
        }
    }

    static const SymbolFile* file_at(Tables& tables, const std::string& path) DRAGOMAN_REQUIRES(tables.lock) {
        auto [found, fresh] = tables.files.try_emplace(path);
        if (!fresh) return found->second.get();
        const int fd = open_guest_file(path);
        if (fd < 0) return nullptr;
        found->second = SymbolFile::read(fd, path, open_guest_file);
        ::close(fd);
        return found->second.get();
    }

    const memory::UserSpace& space_;
    std::atomic<pid_t> pid_;
    std::atomic<Tables*> tables_;
};

}  // namespace

std::unique_ptr<engine::Symbols> make_guest_symbols(const memory::UserSpace& space) {
    return std::make_unique<GuestSymbols>(space);
}

}  // namespace dragoman::debug
