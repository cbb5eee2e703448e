#include <dirent.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <deque>
#include <memory>

#include "engine/cache/image.h"
#include "engine/cache/image_builder.h"
#include "engine/cache/image_file.h"

namespace dragoman::engine {
namespace {

constexpr u32 kPrologue = 4096;
constexpr u64 kBias = 0x10'0000;
constexpr u32 kCodeSize = 64;

/// TBs as a translator leaves them: each has an exit to the next block, and a call of the prologue area.
class FakeCode {
public:
    FakeCode() : code_(1 << 20) {}

    const u8* base() const { return code_.data(); }
    static constexpr u32 kPatch = 20, kStub = 40, kField = 52, kTarget = 0x123;

    TranslationBlock& make(u64 pc, u32 flags, u64 target_pc, bool replaces = false) {
        auto& tb = tbs_.emplace_back();
        u8* code = code_.data() + kPrologue + count_++ * kCodeSize;
        std::memset(code, static_cast<int>(pc), kCodeSize);
        const auto distance = static_cast<u32>(base() + kTarget - (code + kField + 4));
        std::memcpy(code + kField, &distance, 4);
        tb.pc = pc;
        tb.flags = flags;
        tb.guest_size = 4;
        tb.guest_insns = 1;
        tb.code = code;
        tb.code_size = kCodeSize;
        tb.entry = 8;
        tb.target = code;
        tb.insn_map = map_;
        tb.insn_map_size = sizeof map_;
        auto* slot = &slots_.emplace_back();
        slot->slot = {.target_pc = target_pc, .patch_offset = kPatch, .stub_offset = kStub, .used = true};
        slot->owner = &tb;
        tb.slots = slot;
        tb.slot_count = 1;
        auto& kept = kept_.emplace_back(new u8[sizeof(KeptCode) + 2]);
        auto* k = reinterpret_cast<KeptCode*>(kept.get());
        k->guest_read = 6;
        k->field_count = 1;
        k->replaces = replaces;
        k->fields[0] = kField;
        tb.kept = k;
        return tb;
    }

private:
    std::vector<u8> code_;
    u32 count_ = 0;
    std::deque<TranslationBlock> tbs_;
    std::deque<SlotRecord> slots_;
    std::deque<std::unique_ptr<u8[]>> kept_;
    static constexpr u8 map_[] = {0, 7, 9};
};

class ImageTest : public testing::Test {
protected:
    void SetUp() override {
        char name[] = "/tmp/image_test_XXXXXX";
        ASSERT_NE(::mkdtemp(name), nullptr);
        path_ = name;
        directory_ = ::open(name, O_PATH | O_DIRECTORY);
        ASSERT_GE(directory_, 0);
    }
    void TearDown() override {
        trim_images(directory_, 0);
        ::close(directory_);
        EXPECT_EQ(::rmdir(path_.c_str()), 0) << "files are left";
    }

    static CacheKey key(u64 inode) { return {.translator = {1, 2}, .inode = inode, .size = 100, .bias = kBias}; }
    ImageBuilder builder(u64 inode) { return {*backend_, code_.base(), key(inode), kPrologue}; }

    /// Adds blocks at kBias + first * 4 and so on, each with an exit to the next.
    void add(ImageBuilder& b, u32 first, u32 count, u32 flags = 0, u64 page_hash = 5) {
        for (u32 i = first; i < first + count; ++i) {
            const u64 pc = kBias + i * 4;
            for (u64 page = i * 4 >> 12; page <= (i * 4 + 5) >> 12; ++page)
                b.set_page(static_cast<u32>(page), page_hash);
            EXPECT_TRUE(b.add(code_.make(pc, flags, pc + 4)));
        }
    }
    void write(u64 inode, u32 count) {
        ImageBuilder b = builder(inode);
        add(b, 0, count);
        auto content = b.finish();
        ASSERT_FALSE(content.empty());
        ASSERT_TRUE(write_image(directory_, b.header(), content));
    }
    std::string file(u64 inode) const { return path_ + "/" + key(inode).file_name(); }
    bool opens(u64 inode) const {
        ImageFile f;
        return f.open(directory_, key(inode), kPrologue, ::geteuid());
    }
    /// Opens and reads the image.
    bool read(u64 inode, ImageView& view) {
        ImageFile f;
        if (!f.open(directory_, key(inode), kPrologue, ::geteuid()) || !f.read(content_)) return false;
        header_ = f.header();
        view = ImageView(header_, content_.data());
        return true;
    }
    /// Where the jump of a block leads, as an offset in the code.
    static i64 target(const ImageView& view, u32 block, u32 offset = FakeCode::kPatch) {
        const u32 field = view.code_of(block) + offset;
        i32 distance;
        std::memcpy(&distance, view.code + field, 4);
        return i64{field} + 4 + distance;
    }

    std::unique_ptr<host::Backend> backend_ = host::make_x64();
    FakeCode code_;
    std::string path_;
    int directory_ = -1;
    ImageHeader header_{};
    std::vector<u8> content_;
};

TEST_F(ImageTest, GivesBackWhatWasWritten) {
    constexpr u32 kCount = 2000;
    write(7, kCount);
    ImageView view;
    ASSERT_TRUE(read(7, view));
    ASSERT_EQ(view.block_count(), kCount);
    EXPECT_EQ(view.pages.size(), 2u);
    EXPECT_EQ(view.find(kCount * 4, 0), ImageView::kNone);
    EXPECT_EQ(view.find(2, 0), ImageView::kNone);
    EXPECT_EQ(view.find(0, 1), ImageView::kNone);
    BlockDetails details;
    for (u32 i = 0; i < kCount; ++i) {
        const u32 number = view.find(i * 4, 0);
        ASSERT_EQ(number, i) << "blocks are in the order in which they were added";
        EXPECT_EQ(view.find_only(i * 4), number);
        const ImageBlock block = view.block(number);
        EXPECT_EQ(block.pc, i * 4);
        EXPECT_EQ(block.guest_size, 4);
        EXPECT_EQ(block.shape.lookahead, 2);
        EXPECT_EQ(block.shape.entry, 8);
        EXPECT_EQ(view.code[block.code], static_cast<u8>(kBias + i * 4));
        EXPECT_EQ(view.find_code(block.code + kCodeSize - 1), number);
        // The distance to the prologue area, which lies in front of the code.
        i32 distance;
        std::memcpy(&distance, view.code + block.code + FakeCode::kField, 4);
        EXPECT_EQ(i64{block.code} + FakeCode::kField + 4 + distance, i64{FakeCode::kTarget} - kPrologue);

        details.read(view, number);
        EXPECT_EQ(details.guest_insns, 1u);
        ASSERT_EQ(details.slot_count, 1u);
        EXPECT_EQ(details.insn_map.size(), 3u);
        EXPECT_EQ(details.insn_map[1], 7);
        const ImageSlot& s = details.slots[0];
        EXPECT_EQ(s.slot.target_pc, i * 4 + 4);
        const bool last = i + 1 == kCount;
        EXPECT_EQ(s.target, last ? ImageView::kNone : i + 1);
        EXPECT_EQ(target(view, number), last ? block.code + FakeCode::kStub : view.code_of(i + 1) + 8);
    }
}

TEST_F(ImageTest, AddsToAnOlderOne) {
    write(1, 100);
    ImageView old;
    ASSERT_TRUE(read(1, old));
    ImageBuilder b = builder(1);
    b.start(header_, content_);
    add(b, 100, 50);
    add(b, 0, 1);  // there already
    auto content = b.finish();
    ASSERT_TRUE(write_image(directory_, b.header(), content));
    ImageView view;
    ASSERT_TRUE(read(1, view));
    EXPECT_EQ(view.block_count(), 150u);
    EXPECT_EQ(target(view, 99), view.code_of(100) + 8) << "an old block's exit to a new one is not linked";
    for (u32 i = 0; i < 150; ++i) EXPECT_EQ(view.find(i * 4, 0), i);
}

TEST_F(ImageTest, DropsBlocksOfPagesThatHaveChanged) {
    write(1, 1500);  // on two pages; the last block of the first one depends on both
    ImageView old;
    ASSERT_TRUE(read(1, old));
    ImageBuilder b = builder(1);
    b.start(header_, content_);
    b.set_page(1, 6);
    add(b, 1030, 10, 0, 6);
    auto content = b.finish();
    ASSERT_TRUE(write_image(directory_, b.header(), content));
    ImageView view;
    ASSERT_TRUE(read(1, view));
    EXPECT_EQ(view.find(1022 * 4, 0), 1022u);
    EXPECT_EQ(view.find(1023 * 4, 0), ImageView::kNone);
    EXPECT_EQ(target(view, 1022), view.code_of(1022) + FakeCode::kStub) << "a link to a block that is gone";
    EXPECT_EQ(view.find(1029 * 4, 0), ImageView::kNone);
    EXPECT_EQ(view.find(1030 * 4, 0), 1500u);
}

TEST_F(ImageTest, ReplacesBlocksThatAreOfNoUse) {
    write(1, 100);
    ImageView old;
    ASSERT_TRUE(read(1, old));
    ImageBuilder b = builder(1);
    b.start(header_, content_);
    ASSERT_TRUE(b.add(code_.make(kBias + 40, 0, kBias, true)));
    auto content = b.finish();
    ASSERT_TRUE(write_image(directory_, b.header(), content));
    ImageView view;
    ASSERT_TRUE(read(1, view));
    EXPECT_EQ(view.find(40, 0), 100u);
    EXPECT_EQ(target(view, 9), view.code_of(100) + 8);
}

TEST_F(ImageTest, LinksByStateFlags) {
    ImageBuilder b = builder(1);
    b.set_page(0, 5);
    TranslationBlock& first = code_.make(kBias, 1, kBias + 8);
    TranslationBlock& second = code_.make(kBias + 4, 1, kBias + 8);
    TranslationBlock& third = code_.make(kBias + 8, 1, kBias + 16);
    TranslationBlock& other = code_.make(kBias + 8, 2, kBias + 16);
    second.slots[0].slot.checked = true;  // its flags may change: what it was linked to tells which were met
    second.slots[0].target = &other;
    TranslationBlock& unknown = code_.make(kBias + 12, 1, kBias + 8);
    unknown.slots[0].slot.checked = true;
    for (const TranslationBlock* tb : {&first, &second, &third, &other, &unknown}) ASSERT_TRUE(b.add(*tb));
    auto content = b.finish();
    ASSERT_TRUE(write_image(directory_, b.header(), content));
    ImageView view;
    ASSERT_TRUE(read(1, view));
    EXPECT_EQ(target(view, 0), view.code_of(2) + 8);
    EXPECT_EQ(target(view, 1), view.code_of(3)) << "not to the checked entry of the one that was met";
    EXPECT_EQ(target(view, 4), view.code_of(4) + FakeCode::kStub) << "linked without knowing";
    EXPECT_EQ(view.find_only(8), ImageView::kNone);
}

TEST_F(ImageTest, BackEdgesOfLoopsCountAgain) {
    constexpr u32 kLoopOffset = FakeCode::kStub + 4;
    ImageBuilder b = builder(1);
    b.set_page(0, 5);
    TranslationBlock& head = code_.make(kBias, 0, kBias + 4);
    TranslationBlock& looped = code_.make(kBias + 4, 0, kBias);
    TranslationBlock& plain = code_.make(kBias + 8, 0, kBias);
    looped.slots[0].slot.loop_offset = plain.slots[0].slot.loop_offset = kLoopOffset;
    looped.slots[0].found_loop = true;
    for (const TranslationBlock* tb : {&head, &looped, &plain}) ASSERT_TRUE(b.add(*tb));
    auto content = b.finish();
    ASSERT_TRUE(write_image(directory_, b.header(), content));
    ImageView view;
    ASSERT_TRUE(read(1, view));
    EXPECT_EQ(target(view, 1), view.code_of(1) + FakeCode::kStub) << "passes are not counted";
    EXPECT_EQ(target(view, 1, kLoopOffset), view.code_of(0) + 8);
    EXPECT_EQ(target(view, 2), view.code_of(0) + 8) << "what has no path is looked at again";
    BlockDetails details;
    details.read(view, 1);
    ASSERT_EQ(details.slot_count, 1u);
    EXPECT_EQ(details.slots[0].slot.loop_edge, host::LoopEdge::Undecided);
}

TEST_F(ImageTest, IsMapped) {
    write(1, 100);
    std::vector<u8> prologue(kPrologue, 0xc3);
    constexpr std::size_t kArea = 1 << 20;
    void* area = ::mmap(nullptr, kArea, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(area, MAP_FAILED);
    {
        ImageFile f;
        ASSERT_TRUE(f.open(directory_, key(1), kPrologue, ::geteuid()));
        Image image(key(1));
        std::atomic<Image*> list{nullptr};
        EXPECT_EQ(image.map(f, {static_cast<u8*>(area), 4096}, prologue, list), 0u) << "there is no room";
        EXPECT_FALSE(image.mapped());
        const std::size_t bytes = image.map(f, {static_cast<u8*>(area), kArea}, prologue, list);
        ASSERT_NE(bytes, 0u);
        EXPECT_EQ(bytes % kImagePage, 0u);
        f.close();
        EXPECT_EQ(*image.base(), 0xc3);
        EXPECT_EQ(image.view().find(40, 0), 10u);
        EXPECT_FALSE(image.holds(10));
        image.pages[0] = Image::PageState::Holds;
        EXPECT_TRUE(image.holds(10));
        EXPECT_FALSE(image.cut(10));
        image.page_cut[0] = true;
        EXPECT_TRUE(image.cut(10));

        EXPECT_EQ(list.load(), &image);
        EXPECT_FALSE(image.lost());
        const u8* code = image.view().code;
        EXPECT_TRUE(image.cut_off(code + 5000)) << "as if the file ended in its second page of code";
        EXPECT_TRUE(image.lost());
        EXPECT_EQ(code[0], static_cast<u8>(kBias));
        EXPECT_EQ(code[4096], Image::kNoCode);
        EXPECT_EQ(image.view().pcs[99], 396u);
        EXPECT_EQ(image.view().details[0], 0);
        image.view().find(40, 0);
        std::vector<bool> found(100);
        image.for_blocks_on(0, [&](u32 block) { found[block] = true; });
        EXPECT_EQ(found, std::vector<bool>(100, true)) << "the index of blocks is lost";
        image.close(3);
        const u32 closed = image.view().code_of(3);
        EXPECT_EQ(code[closed], Image::kNoCode) << "its checked entry";
        EXPECT_EQ(code[closed + 8], Image::kNoCode);
        EXPECT_EQ(code[closed + 1], static_cast<u8>(kBias + 12));
        EXPECT_TRUE(image.cut_off(code + 100));
        EXPECT_EQ(code[0], Image::kNoCode);
        EXPECT_TRUE(image.cut_off(code + 100)) << "by another thread at the same time";
    }
    ::munmap(area, kArea);
}

TEST_F(ImageTest, OwnedCodeStays) {
    write(1, 300);
    const std::vector<u8> prologue(kPrologue, 0xc3);
    constexpr std::size_t kArea = 1 << 20;
    void* area = ::mmap(nullptr, kArea, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(area, MAP_FAILED);
    {
        ImageFile f;
        ASSERT_TRUE(f.open(directory_, key(1), kPrologue, ::geteuid()));
        Image image(key(1));
        std::atomic<Image*> list{nullptr};
        ASSERT_NE(image.map(f, {static_cast<u8*>(area), kArea}, prologue, list), 0u);
        const u8* code = image.view().code;
        const u32 in_third_page = 8192 / kCodeSize + 3;
        EXPECT_TRUE(image.own_code(in_third_page));
        EXPECT_TRUE(image.cut_off(code + 4096));
        EXPECT_EQ(code[4096], Image::kNoCode);
        EXPECT_EQ(code[8192], static_cast<u8>(kBias + 8192 / kCodeSize * 4));
        EXPECT_EQ(code[12288], Image::kNoCode);
        EXPECT_FALSE(image.own_code(4096 / kCodeSize)) << "it is lost";
        EXPECT_EQ(code[0], static_cast<u8>(kBias));
    }
    ::munmap(area, kArea);
}

TEST_F(ImageTest, RefusesFilesOfOthers) {
    EXPECT_FALSE(opens(1));
    write(1, 10);
    EXPECT_TRUE(opens(1));
    EXPECT_FALSE(opens(2));
    ImageFile f;
    EXPECT_FALSE(f.open(directory_, key(1), kPrologue, ::geteuid() + 1)) << "somebody else's";
    EXPECT_FALSE(f.open(directory_, key(1), kPrologue * 2, ::geteuid())) << "made for another prologue area";
    // A file under the name of another key.
    ASSERT_EQ(::rename(file(1).c_str(), file(2).c_str()), 0);
    EXPECT_FALSE(opens(2));
    write(1, 10);
    ASSERT_EQ(::chmod(file(1).c_str(), 0602), 0);
    EXPECT_FALSE(opens(1));
    ASSERT_EQ(::chmod(file(1).c_str(), 0600), 0);
    EXPECT_TRUE(opens(1));
    ASSERT_EQ(::rename(file(1).c_str(), (path_ + "/elsewhere").c_str()), 0);
    ASSERT_EQ(::symlink("elsewhere", file(1).c_str()), 0);
    EXPECT_FALSE(opens(1));
    ASSERT_EQ(::unlink(file(1).c_str()), 0);
    ASSERT_EQ(::unlink((path_ + "/elsewhere").c_str()), 0);
}

TEST_F(ImageTest, IsAsReadableAsItsDirectory) {
    for (const auto& [directory, file_mode] : {std::pair{0755, 0444}, {0750, 0440}, {0700, 0400}}) {
        ASSERT_EQ(::chmod(path_.c_str(), static_cast<mode_t>(directory)), 0);
        write(1, 10);
        struct stat info;
        ASSERT_EQ(::stat(file(1).c_str(), &info), 0);
        EXPECT_EQ(info.st_mode & 07777, static_cast<mode_t>(file_mode));
        EXPECT_TRUE(opens(1));
    }
}

// Bytes are changed and cut off everywhere: an image is refused as a whole.
TEST_F(ImageTest, SeesDamage) {
    write(1, 20);
    ASSERT_EQ(::chmod(file(1).c_str(), 0600), 0);
    int fd = ::open(file(1).c_str(), O_RDWR);
    std::vector<u8> good(1 << 16);
    good.resize(static_cast<std::size_t>(::pread(fd, good.data(), good.size(), 0)));
    ASSERT_GT(good.size(), kImagePage);
    ImageView view;
    for (std::size_t at = 0; at < good.size(); at += at < kImagePage + 4096 && at > sizeof(ImageHeader) ? 13 : 1) {
        u8 bad = good[at] ^ 0x81;
        ASSERT_EQ(::pwrite(fd, &bad, 1, static_cast<off_t>(at)), 1);
        EXPECT_FALSE(read(1, view)) << "byte " << at;
        ASSERT_EQ(::pwrite(fd, &good[at], 1, static_cast<off_t>(at)), 1);
    }
    for (std::size_t size = 0; size < good.size(); size += 7) {
        ASSERT_EQ(::ftruncate(fd, static_cast<off_t>(size)), 0);
        EXPECT_FALSE(opens(1));
    }
    ::close(fd);
    ASSERT_EQ(::unlink(file(1).c_str()), 0);
}

// What is read of an image after its end was cut off is zeros: nothing may lead out of it.
TEST_F(ImageTest, ReadsZerosWithoutHarm) {
    write(1, 300);
    ImageView view;
    ASSERT_TRUE(read(1, view));
    const std::vector<u8> good = content_;
    BlockDetails details;
    for (std::size_t from = header_.code_bytes; from < good.size(); from += 97) {
        content_ = good;
        std::fill(content_.begin() + static_cast<std::ptrdiff_t>(from), content_.end(), u8{0});
        for (u32 i = 0; i < 300; ++i) {
            const u32 number = view.find(i * 4, 0);
            EXPECT_TRUE(number == ImageView::kNone || number < 300);
            details.read(view, i);
            for (unsigned k = 0; k < details.slot_count; ++k) {
                const ImageSlot& s = details.slots[k];
                EXPECT_TRUE(!s.slot.used || s.slot.patch_offset + 4 <= kCodeSize);
                EXPECT_TRUE(s.target == ImageView::kNone || s.target < 300);
            }
        }
    }
}

TEST_F(ImageTest, TrimsTheOldestFirstAndNothingElse) {
    for (u64 n = 1; n <= 4; ++n) {
        write(n, 200);
        timespec times[2] = {{.tv_sec = static_cast<time_t>(n * 100), .tv_nsec = 0},
                             {.tv_sec = static_cast<time_t>(n * 100), .tv_nsec = 0}};
        ASSERT_EQ(::utimensat(directory_, key(n).file_name().c_str(), times, 0), 0);
    }
    int fd = ::open((path_ + "/mine").c_str(), O_CREAT | O_WRONLY, 0600);
    ::close(fd);
    struct stat info;
    ASSERT_EQ(::stat(file(1).c_str(), &info), 0);
    u64 size = static_cast<u64>(info.st_blocks) * 512;
    trim_images(directory_, 4 * size);
    EXPECT_TRUE(opens(1));  // which makes it the one that was used last
    trim_images(directory_, 3 * size);
    EXPECT_TRUE(opens(1));
    EXPECT_FALSE(opens(2));
    EXPECT_FALSE(opens(3));
    EXPECT_TRUE(opens(4));
    EXPECT_EQ(::unlink((path_ + "/mine").c_str()), 0);
}

}  // namespace
}  // namespace dragoman::engine
