// A back end whose output is also written to a file (logfile=).
#pragma once

#include "devices/chardev.h"

namespace dragoman::devices {

class TeeChardev final : public Chardev {
public:
    /// @param log  gets what `backend` takes; what it does not take itself is missing there
    TeeChardev(std::shared_ptr<Chardev> backend, std::shared_ptr<Chardev> log)
        : backend_(std::move(backend)), log_(std::move(log)) {}

    void attach(Frontend frontend) override { backend_->attach(std::move(frontend)); }
    std::size_t write(std::span<const u8> bytes) override {
        std::size_t taken = backend_->write(bytes);
        log_->write(bytes.first(taken));
        return taken;
    }
    void set_on_writable(std::function<void()> callback) override { backend_->set_on_writable(std::move(callback)); }
    void accept_input() override { backend_->accept_input(); }
    std::string describe() const override { return backend_->describe(); }

private:
    std::shared_ptr<Chardev> backend_, log_;
};

}  // namespace dragoman::devices
