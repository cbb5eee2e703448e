// -object filter-dump: writes the frames of a back end to a file in pcap's format (draft-ietf-opsawg-pcap).
#pragma once

#include <cstdio>
#include <memory>
#include <string>

#include "base/properties.h"
#include "devices/net/observer.h"

namespace dragoman::devices::net {

class Dump final : public Observer {
public:
    /// file=, maxlen= (bytes of a frame that are kept), queue=all|rx|tx, status=on|off; others are the caller's.
    /// @throws FatalError when the file cannot be made
    explicit Dump(Properties& properties);

    void see(Way way, std::span<const iovec> frame, u64 bytes) override;

private:
    struct Close {
        void operator()(std::FILE* file) const { std::fclose(file); }
    };
    std::unique_ptr<std::FILE, Close> file_;
    u32 limit_;
    bool received_ = true, sent_ = true;  ///< which ways are of interest
};

}  // namespace dragoman::devices::net
