// The bridge between the server, which longjmps, and C++, which throws: neither may cross the
// other's frames. Zone: pg. pg_call() throws PgError; entry() never throws and raises with ereport.
#pragma once
#include "pg/server.hpp"

extern "C" {
#include "pg/pg_try.h"
}

#include "source/driver.hpp"
#include "source/error.hpp"

namespace lakemover::pg {

// A PostgreSQL error on its way through C++ frames. Never swallowed: the error state behind it is
// flushed, but locks, buffers and the transaction are only cleaned by raising it again.
class PgError : public std::exception {
public:
    explicit PgError(ErrorData* error) noexcept : error_(error) {}
    const char* what() const noexcept override { return error_->message != nullptr ? error_->message : "unknown"; }
    ErrorData* error() const noexcept { return error_; }
    int sqlstate() const noexcept { return error_->sqlerrcode; }

private:
    ErrorData* error_;  // lives in the memory context that was current at the guarded call
};

// What entry() carries out of its catch blocks. Plain memory: ereport must not unwind anything.
struct Pending {
    ErrorData* rethrow;
    char sqlstate[6];
    bool from_source;
    char message[1024];
    char detail[4096];
    char hint[1024];
};
static_assert(std::is_trivially_destructible_v<Pending>);

// Fill a Pending from an exception; noexcept, no server call that can raise.
void fill_pending(Pending& pending, const source::Error& error) noexcept;
void fill_pending(Pending& pending, const char* sqlstate, const char* message) noexcept;
[[noreturn]] void raise_pending(Pending& pending);

// Runs a server call guarded: an ereport inside comes back as PgError. The callable may hold
// nothing that needs destroying (a longjmp would skip it), so it captures by reference or plain values.
template <class F> auto pg_call(F f) -> decltype(f()) {
    static_assert(std::is_trivially_destructible_v<F>, "pg_call: a longjmp would skip this destructor");
    using Result = decltype(f());
    if constexpr (std::is_void_v<Result>) {
        auto thunk = [](void* arg) noexcept { (*static_cast<F*>(arg))(); };
        if (ErrorData* error = lakemover_pg_try(thunk, &f)) {
            throw PgError(error);
        }
    } else {
        static_assert(std::is_trivially_copyable_v<Result>, "pg_call: results must be plain values");
        struct Call {
            F* f;
            Result result;
        } call{&f, Result{}};
        auto thunk = [](void* arg) noexcept {
            auto* c = static_cast<Call*>(arg);
            c->result = (*c->f)();
        };
        if (ErrorData* error = lakemover_pg_try(thunk, &call)) {
            throw PgError(error);
        }
        return call.result;
    }
}

// The body of every extern "C" function: f may throw anything; the error leaves as ereport, outside
// every catch block and with nothing left to destroy. A pending cancel wins over the source's error.
template <class F> auto entry(F&& f) -> decltype(f()) {
    static_assert(std::is_trivially_destructible_v<std::remove_reference_t<F>>, "entry: capture by reference");
    Pending pending;
    sigjmp_buf* saved_stack = PG_exception_stack;
    ErrorContextCallback* saved_context = error_context_stack;
    MemoryContext saved_memory = CurrentMemoryContext;
    try {
        return f();
    } catch (const PgError& e) {
        pending.rethrow = e.error();
    } catch (const source::Error& e) {
        fill_pending(pending, e);
    } catch (const std::bad_alloc&) {
        fill_pending(pending, "53200", "out of memory");
    } catch (const std::exception& e) {
        fill_pending(pending, "XX000", e.what());
    } catch (...) {
        fill_pending(pending, "XX000", "unknown exception in lakemover");
    }
    PG_exception_stack = saved_stack;
    error_context_stack = saved_context;
    MemoryContextSwitchTo(saved_memory);
    raise_pending(pending);
}

// Waits on a socket and the backend's latch; throws PgError when the statement is cancelled, times
// out or the backend is told to stop. fd < 0 waits for the latch and the timeout only.
class BackendWaiter final : public source::Waiter {
public:
    bool wait(int fd, bool readable, bool writable, long timeout_ms) override;
};

// CHECK_FOR_INTERRUPTS as an exception.
void check_interrupts();

// A C++ object that is destroyed with a memory context: on commit, error and cancel alike. The
// callback is registered before the object exists, so that no failure in between leaks it.
template <class T> class ContextHolder {
public:
    // Makes a T in a holder allocated in context. T's destructor must not throw.
    template <class... Args> static ContextHolder* create(MemoryContext context, Args&&... args) {
        auto* holder = pg_call([context] {
            auto* h = static_cast<ContextHolder*>(MemoryContextAllocZero(context, sizeof(ContextHolder)));
            h->callback_.func = [](void* arg) { static_cast<ContextHolder*>(arg)->reset(); };
            h->callback_.arg = h;
            MemoryContextRegisterResetCallback(context, &h->callback_);
            return h;
        });
        holder->object_ = std::make_unique<T>(std::forward<Args>(args)...).release();
        return holder;
    }
    T* get() const noexcept { return object_; }
    T* operator->() const noexcept { return object_; }
    T& operator*() const noexcept { return *object_; }
    // Destroys the object early; the context's callback then finds nothing.
    void reset() noexcept { std::unique_ptr<T>(std::exchange(object_, nullptr)).reset(); }

private:
    MemoryContextCallback callback_;
    T* object_;
};

// A std::string as palloc'd C string or text in the current memory context.
char* to_cstring(std::string_view text);
Datum to_text_datum(std::string_view text);
std::string from_text_datum(Datum value);

}  // namespace lakemover::pg
