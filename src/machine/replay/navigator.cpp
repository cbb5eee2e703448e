#include "machine/replay/navigator.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "machine/machine.h"

namespace dragoman::machine {

Navigator::Navigator(Machine& machine, Replay& replay) : machine_(machine), replay_(replay) {}

Navigator::~Navigator() {
    for (const auto& image : images_) image->drop(machine_);
}

std::string Navigator::begin(bool along) {
    along_ = along;
    images_.push_back(std::make_unique<MachineImage>());
    std::string wrong = images_.back()->take(machine_, nullptr);
    if (!wrong.empty()) images_.pop_back();
    else if (along_) replay_.set_snapshot_at(images_.back()->insns() + interval_);
    return wrong;
}

void Navigator::take_image() {
    const u64 here = machine_.position().insns;
    if (images_.empty()) return;
    if (here > images_.back()->insns()) {
        auto image = std::make_unique<MachineImage>();
        if (std::string wrong = image->take(machine_, images_.back().get()); !wrong.empty())
            return warn("no more images of the replay are made: %s", wrong.c_str());
        images_.push_back(std::move(image));
    }
    if (images_.size() == kMostImages) {
        // Every second one goes; the first stays.
        std::vector<std::unique_ptr<MachineImage>> kept;
        for (std::size_t i = 0; i < images_.size(); i++) {
            if (i % 2 == 0) kept.push_back(std::move(images_[i]));
            else images_[i]->drop(machine_);
        }
        images_ = std::move(kept);
        interval_ *= 2;
    }
    replay_.set_snapshot_at(std::max(here, images_.back()->insns()) + interval_);
}

/// The last image that is not behind that place.
std::size_t Navigator::image_before(u64 insns) const {
    std::size_t found = 0;
    for (std::size_t i = 0; i < images_.size(); i++) {
        if (images_[i]->insns() <= insns) found = i;
    }
    return found;
}

/// Puts the image back; the machine stops next at `goal`.
std::string Navigator::go(std::size_t image, Way way, u64 goal) {
    if (std::string wrong = images_[image]->put_back(machine_); !wrong.empty()) return wrong;
    way_ = way;
    goal_ = goal;
    searched_ = image;
    if (machine_.debugger != nullptr) machine_.debugger->enable_points(way == Way::Search);
    replay_.set_break(goal);
    if (along_) replay_.set_snapshot_at(images_.back()->insns() + interval_);
    return "";
}

std::string Navigator::seek(u64 insns) {
    if (images_.empty()) return "there is no image of the machine to go back to";
    if (insns < images_.front()->insns()) insns = images_.front()->insns();
    const u64 here = machine_.position().insns;
    const std::size_t image = image_before(insns);
    found_.reset();
    begins_there_ = insns == images_.front()->insns();
    if (insns < here || images_[image]->insns() > here) {
        if (std::string wrong = go(image, Way::Seek, insns); !wrong.empty()) return wrong;
    } else {
        way_ = Way::Seek;
        goal_ = insns;
        if (machine_.debugger != nullptr) machine_.debugger->enable_points(false);
        replay_.set_break(insns);
    }
    machine_.cont();
    return "";
}

std::string Navigator::reverse_step() {
    if (images_.empty()) return "there is no image of the machine to go back to";
    const u64 here = machine_.position().insns;
    return seek(here == 0 ? 0 : here - 1);
}

std::string Navigator::reverse_continue() {
    if (images_.empty()) return "there is no image of the machine to go back to";
    const u64 here = machine_.position().insns;
    if (here <= images_.front()->insns()) return seek(here);
    found_.reset();
    begins_there_ = false;
    if (std::string wrong = go(image_before(here - 1), Way::Search, here); !wrong.empty()) return wrong;
    machine_.cont();
    return "";
}

void Navigator::set_break(std::optional<u64> insns) {
    user_break_ = insns;
    if (way_ == Way::None) replay_.set_break(insns);
}

/// The machine is where it was to go.
void Navigator::arrive(Debugger::Arrival where) {
    way_ = Way::None;
    replay_.set_break(user_break_ && *user_break_ > machine_.position().insns ? user_break_ : std::nullopt);
    if (machine_.debugger != nullptr) {
        machine_.debugger->enable_points(true);
        machine_.debugger->arrived(where);
    }
}

void Navigator::end_reached() {
    step_over(nullptr);
    arrive(Debugger::Arrival::End);
}

bool Navigator::break_reached() {
    if (way_ == Way::None) {
        user_break_.reset();
        return false;
    }
    step_over(nullptr);
    if (way_ == Way::Seek) {
        arrive(begins_there_ ? Debugger::Arrival::Begin : Debugger::Arrival::There);
        return false;
    }
    std::string wrong;
    if (found_) {
        wrong = go(image_before(*found_), Way::Seek, *found_);
    } else if (searched_ != 0) {
        wrong = go(searched_ - 1, Way::Search, images_[searched_]->insns());
    } else {
        begins_there_ = true;
        wrong = go(0, Way::Seek, images_.front()->insns());
    }
    if (wrong.empty()) return true;
    warn("the replay cannot go back: %s", wrong.c_str());
    arrive(Debugger::Arrival::There);
    return false;
}

/// Has `hart` execute the instruction that it was stopped at; null: no more.
void Navigator::step_over(Hart* hart) {
    if (Hart* before = std::exchange(stepping_, hart)) before->set_step(false);
    if (hart != nullptr) hart->set_step(true);
    if (machine_.debugger != nullptr) machine_.debugger->enable_points(hart == nullptr && way_ == Way::Search);
}

bool Navigator::debug_stop(Hart& hart) {
    if (way_ == Way::None) return false;
    if (stepping_ != nullptr || way_ == Way::Seek) {
        machine_.debugger->forget_stop();
        step_over(nullptr);
        return true;
    }
    const u64 here = machine_.position().insns;
    if (here < goal_) {
        found_ = here;
        machine_.debugger->remember_stop();
    } else {
        machine_.debugger->forget_stop();
    }
    step_over(&hart);
    return true;
}

}  // namespace dragoman::machine
