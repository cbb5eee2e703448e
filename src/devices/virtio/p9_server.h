// 9P2000.L server: answers one message at a time, with the files of one shared folder.
#pragma once

#include <unordered_map>
#include <vector>

#include "devices/virtio/p9_files.h"
#include "devices/virtio/p9_message.h"
#include "devices/virtio/virtqueue.h"

namespace dragoman::devices::virtio {

class P9Server {
public:
    explicit P9Server(const P9Export& options) : files_(options) {}

    /// Answers the message in the chain's readable part, in its writable part. @returns bytes written; 0 when the
    /// message or the room for the answer is too short to be one.
    u64 answer(const Chain& chain);
    /// Forgets all fids.
    void reset();

private:
    static constexpr u32 kMaxMessage = 1 << 20, kMinMessage = 4096;
    static constexpr std::size_t kMaxFids = 1 << 16;
    static constexpr u32 kWriteHeader = kP9HeaderBytes + 16;  ///< before the data of a write

    struct Fid {
        Fid() = default;
        Fid(const Fid&) = delete;
        Fid& operator=(const Fid&) = delete;
        ~Fid();

        std::shared_ptr<P9Node> node;
        int fd = -1;         ///< opened
        u32 uid = ~u32{0};   ///< whose fid it is
        bool xattr = false;  ///< stands for an extended attribute
        bool xattr_write = false;
        int xattr_flags = 0;
        u64 xattr_size = 0;  ///< announced
        std::string xattr_name;
        std::vector<u8> data;  ///< of the attribute
    };

    int dispatch(u8 type, P9Reader& in, P9Writer& out);
    int version(P9Reader& in, P9Writer& out);
    int attach(P9Reader& in, P9Writer& out);
    int walk(P9Reader& in, P9Writer& out);
    int statfs(P9Reader& in, P9Writer& out);
    int open(P9Reader& in, P9Writer& out);
    int create(P9Reader& in, P9Writer& out);
    int make(u8 type, P9Reader& in, P9Writer& out);
    int readlink(P9Reader& in, P9Writer& out);
    int getattr(P9Reader& in, P9Writer& out);
    int setattr(P9Reader& in, P9Writer& out);
    int xattr_walk(P9Reader& in, P9Writer& out);
    int xattr_create(P9Reader& in, P9Writer& out);
    int readdir(P9Reader& in, P9Writer& out);
    int fsync(P9Reader& in, P9Writer& out);
    int lock(P9Reader& in, P9Writer& out);
    int get_lock(P9Reader& in, P9Writer& out);
    int link(P9Reader& in, P9Writer& out);
    int renameat(P9Reader& in, P9Writer& out);
    int unlinkat(P9Reader& in, P9Writer& out);
    int read(P9Reader& in, P9Writer& out);
    int write(P9Reader& in, P9Writer& out);
    int clunk(P9Reader& in, P9Writer& out);
    int remove(P9Reader& in, P9Writer& out);

    Fid* find(u32 fid);
    int add(u32 number, std::unique_ptr<Fid> fid);
    int qid_of(const P9Node& node, P9Qid& qid) const;
    P9Qid qid_of(const struct stat& info) const;
    int write_xattr(Fid& fid, u64 offset, u32 count);

    P9Files files_;
    std::unordered_map<u32, std::unique_ptr<Fid>> fids_;
    u32 message_size_ = kMinMessage;
    const Chain* chain_ = nullptr;  ///< being answered
    u64 direct_ = 0;                ///< bytes that went to the writable part behind the answer
    std::vector<u8> request_, reply_;
    std::vector<iovec> pieces_;
};

}  // namespace dragoman::devices::virtio
