// Finds critical sections before they run: code that begins one stores the address of its descriptor, which it mostly
// makes in the two instructions before. Of other code it is seen when the thread comes to a block of the section that
// was not translated yet.
#include "linux/arch.h"
#include "linux/rseq/critical_section.h"
#include "linux/rseq/rseq.h"
#include "linux/rseq/rseq_area.h"
#include "linux/task.h"

namespace dragoman::linux_abi {

namespace {

engine::Section code_of(const CriticalSection& section) { return {section.start, section.end, section.descriptor}; }

class Finder final : public engine::SectionFinder {
public:
    explicit Finder(Process& process) : process_(process) {}

    std::optional<engine::Section> described_at(const guest::MadeAddress& made) override {
        u64 address = made.address;
        if (made.loaded) {
            const u64 bytes = process_.arch->layouts.word_bytes;
            address = 0;
            if (!has(process_.space->flags(made.address), memory::PageFlags::Read) ||
                memory::copy_checked(&address, process_.space->host(made.address), bytes) != 0)
                return std::nullopt;
        }
        const auto section = read_critical_section(process_, address);
        // The one that C libraries register. Who knows another one gets its sections seen by current().
        if (!section || section->signature != process_.arch->rseq_signature) return std::nullopt;
        return code_of(*section);
    }

    std::optional<engine::Section> current(const ir::Env* env) override {
        const Task* task = Task::current();
        if (task == nullptr || task->env != env || task->rseq.address == 0) return std::nullopt;
        u64 descriptor;
        if (!task->read(descriptor, task->rseq.address + offsetof(RseqArea, rseq_cs)) || descriptor == 0)
            return std::nullopt;
        const auto section = read_critical_section(process_, descriptor);
        if (!section || section->signature != task->rseq.signature || !section->contains(env->pc)) return std::nullopt;
        return code_of(*section);
    }

private:
    Process& process_;
};

}  // namespace

std::unique_ptr<engine::SectionFinder> make_section_finder(Process& process) {
    return std::make_unique<Finder>(process);
}

}  // namespace dragoman::linux_abi
