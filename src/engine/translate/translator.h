// Makes blocks: guest code in, host code and its description out. No vCPU, no lock of the engine: any thread may have a
// translator of its own. Which code it is, what becomes of the block, whether the code has changed meanwhile: all that
// is the caller's (policy, publication).
#pragma once

#include <memory>

#include "base/log.h"
#include "engine/code_buffer.h"
#include "engine/profile.h"
#include "engine/region/region_builder.h"
#include "engine/symbols.h"
#include "engine/translate/code_reader.h"
#include "engine/translate/insn_map.h"
#include "engine/translate/request.h"
#include "ir/passes/passes.h"

namespace dragoman::engine {

/// Where a translator gets room for code from.
class CodeRoom {
public:
    virtual ~CodeRoom() = default;
    /// A chunk for the caller to fill. The one that it had may be reclaimed meanwhile.
    virtual Chunk* take_chunk() = 0;
};

/// What a block is, beside its host code, which lies at `code` until the next one is made.
struct FinishedBlock {
    u8* code = nullptr;
    host::CompiledCode compiled;
    InsnMapBytes insn_map;
    u32 guest_size = 0;
    u32 guest_insns = 0;
    bool verified = false;         ///< compares its guest code
    std::vector<u16> insn_starts;  ///< of its instructions, bytes from the first; with Setup::exact_counts
};

struct TranslationStatistics {
    u64 tbs = 0, guest_insns = 0, guest_bytes = 0, host_bytes = 0, ir_ops = 0;
    u64 ns_translate = 0, ns_optimise = 0, ns_compile = 0;
};

class Translator {
public:
    struct Setup {
        const guest::Model& model;
        const host::Backend& backend;
        const log::Selection& log;
        Symbols* symbols;  ///< names of guest addresses in listings; null: none
        Profile* profile;  ///< counts executions there; null: does not
        bool system;       ///< guest addresses are not fixed to code: direct jumps stay within a page
        bool optimise;
        bool count_insns;   ///< blocks take their instructions off Env::insn_budget
        bool exact_counts;  ///< and run only where so many are left
    };
    Translator(const Setup& setup, CodeRoom& room) : setup_(setup), room_(room) {}

    enum class Outcome : u8 {
        Done,
        CannotFetch,  ///< system mode: the first instruction may not be fetched; the reader knows why
        TooLarge,     ///< request.max_insns has been lowered: ask again
        Unsuitable,   ///< no such loop can be made
    };
    /// Makes the block that `request` says of the code that `reader` reads.
    Outcome translate(TranslationRequest& request, CodeReader& reader);
    /// The block that was made last (by translate, or by whoever used make_room).
    FinishedBlock& block() { return block_; }
    /// The IR that it was made of.
    const ir::Function& function() const { return *function_; }

    bool has_room(std::size_t bytes) const {
        return chunk_ != nullptr && static_cast<std::size_t>(chunk_->end - chunk_->next) >= bytes;
    }
    /// Room for code of `bytes`, which compiled elsewhere; null: no chunk is that large.
    u8* make_room(std::size_t bytes);
    /// The chunk that code goes to; null: none yet.
    Chunk* chunk() const { return chunk_; }
    /// Its memory is being reclaimed, or somebody else goes on with it.
    void drop_chunk() { chunk_ = nullptr; }

    TranslationStatistics statistics;

private:
    void prepare();
    Outcome make_function(const TranslationRequest& request, CodeReader& reader);
    bool translate_block(const TranslationRequest& request, CodeReader& reader, u64 pc, guest::BlockKind kind,
                         ir::Function& f);
    bool take_chunk();
    bool compile();
    ir::PassContext& loop_passes();

    Setup setup_;
    CodeRoom& room_;
    Chunk* chunk_ = nullptr;
    std::unique_ptr<host::Backend::Scratch> scratch_;
    std::unique_ptr<ir::Function> function_;
    ir::PassContext passes_;
    std::unique_ptr<ir::PassContext> loop_passes_;   ///< made for the first loop
    std::unique_ptr<RegionBuilder> region_builder_;  ///< likewise
    std::vector<u8> context_;                        ///< room for the guest's DisasContext
    FinishedBlock block_;
};

}  // namespace dragoman::engine
