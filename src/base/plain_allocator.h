// For vectors that are filled by hand: elements that are not given a value are left as they are.
#pragma once

#include <memory>
#include <new>
#include <utility>

namespace dragoman {

/// With it, emplace_back() and resize() leave new elements of a trivial type uninitialised.
template <class T>
struct PlainAllocator : std::allocator<T> {
    template <class U>
    struct rebind {
        using other = PlainAllocator<U>;
    };
    template <class U>
    void construct(U* p) {
        ::new (static_cast<void*>(p)) U;
    }
    template <class U, class... Args>
    void construct(U* p, Args&&... args) {
        ::new (static_cast<void*>(p)) U(std::forward<Args>(args)...);
    }
};

}  // namespace dragoman
