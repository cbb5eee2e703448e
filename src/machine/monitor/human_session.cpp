// The human monitor's prompt: a line with the keys that people expect.
#include "machine/monitor/human.h"
#include "machine/monitor/output.h"
#include "machine/monitor/session.h"
#include "machine/snapshot/migration.h"

namespace dragoman::machine {

namespace {

constexpr std::string_view kPrompt = "(qemu) ";  // what programs that drive a monitor wait for

class HumanSession final : public MonitorSession {
public:
    HumanSession(Machine& machine, const std::shared_ptr<devices::Chardev>& chardev, bool shared)
        : machine_(machine), monitor_(machine), chardev_(chardev), output_(chardev) {
        listener_ = machine.migration().add_listener([this](MigrationStatus) { look_at_migration(); });
        devices::Chardev::Frontend frontend;
        frontend.can_receive = [] { return std::size_t{4096}; };
        frontend.receive = [this](std::span<const u8> bytes) {
            for (u8 byte : bytes) take(static_cast<char>(byte));
        };
        frontend.connected = [this, shared](bool open) {
            if (open && !shared) greet();
        };
        frontend.focused = [this](bool in) {
            if (in && !greeted_) greet();
            else if (in) print("\n" + std::string(kPrompt) + line_);
        };
        chardev_->attach(std::move(frontend));
    }
    ~HumanSession() override {
        machine_.migration().remove_listener(listener_);
        chardev_->attach({[] { return std::size_t{0}; }, [](std::span<const u8>) {}});
    }

private:
    void greet() {
        greeted_ = true;
        line_.clear();
        print(std::string(kVersion) + " monitor - type 'help' for more information\n" + std::string(kPrompt));
    }

    void print(std::string_view text) {
        std::string raw;
        for (char c : text) {
            if (c == '\n') raw += '\r';
            raw += c;
        }
        output_.write(raw);
    }

    void replace_line(std::string line) {
        std::string text(line_.size(), '\b');
        text += line;
        if (line.size() < line_.size()) {
            std::size_t less = line_.size() - line.size();
            text += std::string(less, ' ') + std::string(less, '\b');
        }
        print(text);
        line_ = std::move(line);
    }

    void recall(int step) {
        std::size_t place = history_place_ + static_cast<std::size_t>(step);
        if (place > history_.size()) return;
        history_place_ = place;
        replace_line(place == history_.size() ? "" : history_[place]);
    }

    void complete() {
        std::vector<std::string> names = HumanMonitor::complete(line_);
        std::string start = line_.starts_with("info ") ? "info " : "";
        if (names.size() == 1) return replace_line(start + names[0] + " ");
        std::string list;
        for (const std::string& name : names) list += name + "  ";
        if (!list.empty()) print("\n" + list + "\n" + std::string(kPrompt) + line_);
    }

    /// The rest of an escape sequence. @returns whether `c` was part of one
    bool escape(char c) {
        if (c == '\x1b') {
            escape_ = 1;
        } else if (escape_ == 1 && (c == '[' || c == 'O')) {
            escape_ = 2;
        } else if (escape_ == 2) {
            escape_ = 0;
            if (c == 'A') recall(-1);
            if (c == 'B') recall(1);
        } else {
            escape_ = 0;
            return false;
        }
        return true;
    }

    /// While a command goes on, what is typed waits.
    void take(char c) {
        if (!waiting_) key(c);
        else if (typed_.size() < 4096) typed_ += c;
    }

    void look_at_migration() {
        if (!waiting_ || machine_.migration().active()) return;
        waiting_ = false;
        const MigrationInfo info = machine_.migration().info();
        print((info.error.empty() ? "" : "Error: " + info.error + "\n") + std::string(kPrompt));
        for (char c : std::exchange(typed_, {})) take(c);
    }

    void key(char c) {
        if (escape(c)) return;
        switch (c) {
            case '\r':
            case '\n': enter(c); break;
            case '\b':
            case 0x7f:
                if (!line_.empty()) replace_line(line_.substr(0, line_.size() - 1));
                break;
            case 0x15: replace_line(""); break;                                          // Ctrl-U
            case 0x0c: print("\x1b[2J\x1b[1;1H" + std::string(kPrompt) + line_); break;  // Ctrl-L
            case '\t': complete(); break;
            default:
                if (static_cast<u8>(c) < ' ' || line_.size() >= 4095) break;
                line_ += c;
                print(std::string_view(&c, 1));
        }
        after_return_ = c == '\r';
    }

    void enter(char c) {
        if (c == '\n' && after_return_) return;  // of "\r\n"
        print("\n");
        if (!line_.empty() && (history_.empty() || history_.back() != line_)) history_.push_back(line_);
        history_place_ = history_.size();
        std::string line = std::move(line_);
        line_.clear();
        const std::string text = monitor_.execute(line);
        waiting_ = monitor_.waits();
        print(waiting_ ? text : text + std::string(kPrompt));
    }

    Machine& machine_;
    HumanMonitor monitor_;
    std::shared_ptr<devices::Chardev> chardev_;
    Output output_;
    std::string line_;
    std::vector<std::string> history_;
    std::size_t history_place_ = 0;
    int escape_ = 0;
    bool greeted_ = false, after_return_ = false;
    unsigned listener_ = 0;
    bool waiting_ = false;  ///< for the end of a migration
    std::string typed_;     ///< meanwhile
};

}  // namespace

std::unique_ptr<MonitorSession> make_human_session(Machine& machine, std::shared_ptr<devices::Chardev> chardev,
                                                   bool shared) {
    return std::make_unique<HumanSession>(machine, std::move(chardev), shared);
}

}  // namespace dragoman::machine
