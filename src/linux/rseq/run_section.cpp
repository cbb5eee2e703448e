// The way of a thread through a critical section. By the rules of rseq(2), what interrupts it
// sends it to the abort handler, and its last instruction, the commit, is done only if nothing has.
#include "linux/rseq/critical_section.h"
#include "linux/rseq/rseq.h"
#include "linux/rseq/rseq_area.h"
#include "linux/rseq/section_locks.h"
#include "linux/signals/signals.h"
#include "linux/task.h"

namespace dragoman::linux_abi {

namespace {

/// Instructions after which a thread makes way for another one that waits, as if it had used up its time.
constexpr u64 kPatience = 20000;

void abort_section(Task& task, const CriticalSection& section) {
    write_rseq_cs(task, 0);
    task.env->pc = section.abort_ip;
}

/// For a thread that is not in the section, though it runs its code.
ir::ExitReason pass_through(Task& task, const engine::Section& section) {
    ir::ExitReason reason = ir::ExitReason::None;
    while (reason == ir::ExitReason::None && section.contains(task.env->pc)) {
        if (has_signals(task) || task.env->request != 0) break;
        reason = task.process->engine->run_alone(task.env);
    }
    return reason;
}

bool same_place(const RseqArea& a, const RseqArea& b) { return a.cpu_id == b.cpu_id && a.mm_cid == b.mm_cid; }

/// What the thread is in: by its own word, or, where the kernel has cleared that since the instruction before, by what
/// is known of the code.
u64 descriptor_at_start(const Process& process, const RseqArea& area, const engine::Section& known) {
    if (area.rseq_cs == 0 || area.rseq_cs == known.description) return known.description;
    const auto own = read_critical_section(process, area.rseq_cs);
    return own && own->start == known.start ? area.rseq_cs : 0;
}

/// A thread at the start of its section. It has nothing of it yet, so whatever has interrupted it came before.
ir::ExitReason run_from_start(Task& task, const CriticalSection& section) {
    RseqArea before, area;
    if (!read_area(task, before)) return pass_through(task, {section.start, section.end, section.descriptor});
    SectionLocks locks(before.cpu_id, before.mm_cid);
    if (!locks.acquire(task)) return ir::ExitReason::None;
    if (!write_rseq_cs(task, section.descriptor) || !read_area(task, area) || !same_place(before, area)) {
        return ir::ExitReason::None;  // moved meanwhile: again, with other locks
    }
    for (u64 count = 0;; ++count) {
        const ir::ExitReason reason = task.process->engine->run_alone(task.env);
        if (reason == ir::ExitReason::Exception && section.contains(task.env->pc))
            task.rseq.abort_ip = section.abort_ip;
        if (reason != ir::ExitReason::None || !section.contains(task.env->pc)) return reason;
        const bool alone = read_area(task, area) && area.rseq_cs == section.descriptor && same_place(before, area);
        if (!alone || has_signals(task) || task.env->request != 0 || (count >= kPatience && locks.wanted())) {
            abort_section(task, section);
            return ir::ExitReason::None;
        }
    }
}

}  // namespace

ir::ExitReason run_section(Task& task) {
    engine::Engine& engine = *task.process->engine;
    const auto known = engine.section_at(task.env->pc);
    if (!known) return ir::ExitReason::None;
    const auto section = read_critical_section(*task.process, known->description);
    if (!section || section->start != known->start || section->end != known->end) {
        // Other code is there now.
        engine.remove_section(*known);
        return ir::ExitReason::None;
    }
    RseqArea area;
    if (task.rseq.address == 0 || !read_area(task, area)) return pass_through(task, *known);
    if (task.env->pc != known->start) {
        // What has brought it here has interrupted it: a system call, a debugger.
        abort_section(task, *section);
        return ir::ExitReason::None;
    }
    const auto own = read_critical_section(*task.process, descriptor_at_start(*task.process, area, *known));
    if (!own || own->signature != task.rseq.signature) return pass_through(task, *known);
    return run_from_start(task, *own);
}

void finish_abort(Task& task) {
    if (task.rseq.abort_ip == 0) return;
    task.env->pc = task.rseq.abort_ip;
    task.rseq.abort_ip = 0;
    write_rseq_cs(task, 0);
}

}  // namespace dragoman::linux_abi
