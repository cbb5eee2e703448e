// A vector of plain values for lists that are made anew all the time: it does not clear what it grows by, and appending
// is a few instructions without a call.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <new>
#include <type_traits>
#include <utility>

namespace dragoman {

/// As std::vector, but that emplace_back() without arguments and resize() leave new elements as the memory is.
template <class T>
class PlainVector {
    static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);

public:
    using value_type = T;
    using iterator = T*;
    using const_iterator = const T*;

    PlainVector() = default;
    PlainVector(const PlainVector& other) { append(other.begin(), other.size()); }
    PlainVector(PlainVector&& other) noexcept { swap(other); }
    PlainVector& operator=(PlainVector other) noexcept {
        swap(other);
        return *this;
    }
    ~PlainVector() { std::free(begin_); }

    T* begin() { return begin_; }
    T* end() { return end_; }
    const T* begin() const { return begin_; }
    const T* end() const { return end_; }
    T* data() { return begin_; }
    const T* data() const { return begin_; }
    std::size_t size() const { return static_cast<std::size_t>(end_ - begin_); }
    bool empty() const { return begin_ == end_; }
    /// Whether appending moves the elements.
    bool full() const { return end_ == limit_; }
    T& operator[](std::size_t i) { return begin_[i]; }
    const T& operator[](std::size_t i) const { return begin_[i]; }
    T& front() { return *begin_; }
    const T& front() const { return *begin_; }
    T& back() { return end_[-1]; }
    const T& back() const { return end_[-1]; }

    void clear() { end_ = begin_; }
    void reserve(std::size_t elements) {
        if (elements > static_cast<std::size_t>(limit_ - begin_)) grow(elements);
    }
    void resize(std::size_t elements) {
        reserve(elements);
        end_ = begin_ + elements;
    }
    void assign(const T* first, const T* last) {
        clear();
        append(first, static_cast<std::size_t>(last - first));
    }
    T& emplace_back() {
        if (full()) [[unlikely]]
            grow(size() + 1);
        return *end_++;
    }
    template <class... Args>
    T& emplace_back(Args&&... args) {
        T value{std::forward<Args>(args)...};
        return emplace_back() = value;
    }
    void push_back(const T& value) { emplace_back(value); }
    void pop_back() { --end_; }
    void swap(PlainVector& other) noexcept {
        std::swap(begin_, other.begin_);
        std::swap(end_, other.end_);
        std::swap(limit_, other.limit_);
    }
    friend void swap(PlainVector& a, PlainVector& b) noexcept { a.swap(b); }

private:
    void append(const T* from, std::size_t count) {
        reserve(size() + count);
        if (count != 0) std::memcpy(static_cast<void*>(end_), from, count * sizeof(T));
        end_ += count;
    }
    [[gnu::noinline, gnu::cold]] void grow(std::size_t least) {
        const std::size_t used = size();
        const std::size_t doubled = static_cast<std::size_t>(limit_ - begin_) * 2;
        const std::size_t room = least > doubled ? (least > 16 ? least : 16) : doubled;
        auto* moved = static_cast<T*>(std::realloc(static_cast<void*>(begin_), room * sizeof(T)));
        if (moved == nullptr) throw std::bad_alloc();
        begin_ = moved;
        end_ = moved + used;
        limit_ = moved + room;
    }

    T* begin_ = nullptr;
    T* end_ = nullptr;
    T* limit_ = nullptr;
};

}  // namespace dragoman
