// Translation on threads that run no vCPU.
#include "engine/impl.h"

namespace dragoman::engine {

struct Engine::Background::State final : Worker {
    using Worker::Worker;
};

Engine::Background::Background(Engine& engine) : state_(std::make_unique<State>(*engine.impl_)) {
    state_->engine.add(*state_);
}

Engine::Background::~Background() { state_->engine.remove(*state_); }

bool Engine::Background::translate(u64 pc, u32 tb_flags) {
    Engine::Impl& i = state_->engine;
    i.workers.enter_running(*state_);
    TranslationBlock* tb = i.blocks.find(pc, tb_flags, pc);
    if (tb == nullptr) {
        TranslationRequest request = i.request_for(pc, tb_flags);
        GuestFault fault;
        tb = i.translate(*state_, request, fault);
    }
    const bool found = tb != nullptr && !tb->invalid.load();
    i.workers.leave_running(*state_);
    return found;
}

}  // namespace dragoman::engine
