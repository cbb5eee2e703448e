#include "machine/riscv/interrupt_files.h"

#include <deque>
#include <vector>

#include "guest/riscv/interrupt_file.h"
#include "machine/machine.h"

namespace dragoman::machine {

namespace {

class Port final : public riscv::InterruptFile {
public:
    explicit Port(devices::Imsic::File& file) : file_(file) {}
    bool has(unsigned number) const override { return file_.has(number); }
    u64 read(unsigned number) override { return file_.read(number); }
    void write(unsigned number, u64 value, u64 mask) override { file_.write(number, value, mask); }
    unsigned top() override { return file_.top(); }
    void claim(unsigned identity) override { file_.claim(identity); }

private:
    devices::Imsic::File& file_;
};

}  // namespace

std::shared_ptr<void> connect_interrupt_files(Machine& machine, devices::Imsic& machine_level,
                                              devices::Imsic& supervisor_level) {
    auto ports = std::make_shared<std::deque<Port>>();
    const unsigned guests = supervisor_level.guests();
    for (unsigned i = 0; i < machine.hart_count(); ++i) {
        Port& own = ports->emplace_back(machine_level.file(i));
        Port& supervisor = ports->emplace_back(supervisor_level.file(i));
        std::vector<riscv::InterruptFile*> of_guests;
        for (unsigned guest = 1; guest <= guests; ++guest) {
            of_guests.push_back(&ports->emplace_back(supervisor_level.file(i, guest)));
        }
        riscv::attach_interrupt_files(machine.hart(i).env(), &own, &supervisor, of_guests);
    }
    return ports;
}

}  // namespace dragoman::machine
