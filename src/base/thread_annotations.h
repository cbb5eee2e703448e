// Which lock guards what, in words that clang checks (-Wthread-safety, `make lint`) and other compilers pass over.
// docs/threads.md says how to use them.
#pragma once

#if defined(__clang__)
#define DRAGOMAN_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define DRAGOMAN_THREAD_ATTRIBUTE(x)
#endif

/// Of a class: its objects are locks. The name is the kind of lock that messages speak of.
#define DRAGOMAN_LOCKABLE(name) DRAGOMAN_THREAD_ATTRIBUTE(capability(name))
/// Of a class: its objects hold a lock from construction to destruction.
#define DRAGOMAN_SCOPED_LOCK DRAGOMAN_THREAD_ATTRIBUTE(scoped_lockable)
/// Of a member or variable: is read and written only with the lock held.
#define DRAGOMAN_GUARDED_BY(lock) DRAGOMAN_THREAD_ATTRIBUTE(guarded_by(lock))
/// Of a pointer: what it points to is read and written only with the lock held.
#define DRAGOMAN_POINTEE_GUARDED_BY(lock) DRAGOMAN_THREAD_ATTRIBUTE(pt_guarded_by(lock))
/// Of a function: the caller holds the locks, before and after.
#define DRAGOMAN_REQUIRES(...) DRAGOMAN_THREAD_ATTRIBUTE(requires_capability(__VA_ARGS__))
/// Of a function: the caller does not hold the locks (the function takes them, or calls what does).
#define DRAGOMAN_EXCLUDES(...) DRAGOMAN_THREAD_ATTRIBUTE(locks_excluded(__VA_ARGS__))
/// Of a function: returns with the locks held; without arguments, of a lock's own functions.
#define DRAGOMAN_ACQUIRE(...) DRAGOMAN_THREAD_ATTRIBUTE(acquire_capability(__VA_ARGS__))
/// The same for locks that several readers hold at once.
#define DRAGOMAN_ACQUIRE_SHARED(...) DRAGOMAN_THREAD_ATTRIBUTE(acquire_shared_capability(__VA_ARGS__))
#define DRAGOMAN_RELEASE_SHARED(...) DRAGOMAN_THREAD_ATTRIBUTE(release_shared_capability(__VA_ARGS__))
/// Of a function: holds the locks if it returned `result`.
#define DRAGOMAN_TRY_ACQUIRE(...) DRAGOMAN_THREAD_ATTRIBUTE(try_acquire_capability(__VA_ARGS__))
/// Of a function: the locks that the caller held are free when it returns.
#define DRAGOMAN_RELEASE(...) DRAGOMAN_THREAD_ATTRIBUTE(release_capability(__VA_ARGS__))
/// Of a function: returns a reference to the lock.
#define DRAGOMAN_RETURNS_LOCK(lock) DRAGOMAN_THREAD_ATTRIBUTE(lock_returned(lock))
/// Of a function whose locking the checker cannot follow; a comment says why it is right.
#define DRAGOMAN_UNCHECKED_LOCKING DRAGOMAN_THREAD_ATTRIBUTE(no_thread_safety_analysis)
