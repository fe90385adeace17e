// See lane.hpp. FreeTDS 1.3: SQLCancel may return 0 and change nothing while an execute or fetch goes on,
// but shutdown() on the connection's socket makes both return at once.
#include "source/odbc/lane.hpp"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <set>
#include <system_error>
#include <thread>

#include "source/odbc/live_lanes.hpp"
#include "source/odbc/sockets.hpp"

namespace lakemover::source::odbc {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kCancelPatience{1000};  // for the driver's own cancel
constexpr milliseconds kSocketPatience{3000};  // after the socket was shut
constexpr milliseconds kGoodbyePatience{2000};

// One environment a process, never freed: at exit a thread may still be inside the driver manager.
SQLHENV environment() {
    static SQLHENV const env = [] {
        SQLHENV handle = SQL_NULL_HANDLE;
        if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &handle)) ||
            !SQL_SUCCEEDED(SQLSetEnvAttr(handle, SQL_ATTR_ODBC_VERSION,
                                         reinterpret_cast<SQLPOINTER>(static_cast<SQLULEN>(SQL_OV_ODBC3)), 0))) {
            throw Error(ErrorKind::kInternal, "58000", "the ODBC driver manager gave no environment");
        }
        return handle;
    }();
    return env;
}

// The conf file that FreeTDS reads and the comparison of descriptors allow one attempt at a time.
std::timed_mutex& connecting() {
    static std::timed_mutex mutex;
    return mutex;
}

void block_signals(sigset_t& before) {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
}

}  // namespace

struct LaneState {
    LaneState() : event(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
        if (event < 0) {
            throw Error(ErrorKind::kTransient, "53000", "no descriptor is free for a connection to the source");
        }
    }
    LaneState(const LaneState&) = delete;
    LaneState& operator=(const LaneState&) = delete;
    ~LaneState() { ::close(event); }

    void signal() const noexcept {
        const eventfd_t one = 1;
        ::eventfd_write(event, one);
    }
    // True when it came true in time.
    template <class Condition> bool wait_for(milliseconds patience, Condition condition) {
        std::unique_lock lock(mutex);
        return changed.wait_for(lock, patience, condition);
    }

    const int event;
    std::mutex mutex;
    std::condition_variable changed;
    LaneJob job;                                  // under mutex until taken
    bool has_job = false;                         // posted and not ended
    std::vector<std::shared_ptr<void>> disposed;  // under mutex
    std::exception_ptr failure;                   // of the last job
    bool quit = false;                            // under mutex
    bool over = false;                            // the thread has left its loop
    int cancelling = 0;                           // SQLCancel calls under way
    SQLHSTMT statement = SQL_NULL_HANDLE;
    SQLHDBC dbc = SQL_NULL_HANDLE;  // the thread's own, but for reading whether it is there
    std::atomic<bool> stop{false};
    std::atomic<bool> broken{false};
    std::atomic<int> socket{-1};
    bool connecting = false;       // under mutex: the driver is in its connect call
    std::set<int> sockets_before;  // under mutex: those that are not the driver's
    std::thread thread;

    // Closes the connection's socket, or the one that the driver is connecting over.
    void shut() noexcept {
        const int fd = socket;
        if (fd >= 0) {
            ::shutdown(fd, SHUT_RDWR);
            return;
        }
        const std::lock_guard lock(mutex);
        if (connecting) {
            shut_new_sockets(sockets_before);
        }
    }
};

SQLHDBC LaneContext::connection() const noexcept { return state_.dbc; }
bool LaneContext::stopped() const noexcept { return state_.stop; }
void LaneContext::signal() noexcept { state_.signal(); }

LaneContext::Running::Running(LaneState& state, SQLHSTMT statement) : state_(state) {
    const std::lock_guard lock(state_.mutex);
    state_.statement = statement;
}

LaneContext::Running::~Running() {
    std::unique_lock lock(state_.mutex);
    state_.statement = SQL_NULL_HANDLE;
    state_.changed.wait(lock, [this] { return state_.cancelling == 0; });
}

namespace {

void disconnect(LaneState& state) {
    if (state.dbc == SQL_NULL_HANDLE) {
        return;
    }
    state.socket = -1;
    SQLDisconnect(state.dbc);
    SQLFreeHandle(SQL_HANDLE_DBC, state.dbc);
    state.dbc = SQL_NULL_HANDLE;
}

void dispose_all(LaneState& state) {
    std::vector<std::shared_ptr<void>> disposed;
    {
        const std::lock_guard lock(state.mutex);
        disposed.swap(state.disposed);
    }
}

void lane_main(const std::shared_ptr<LaneState>& state) noexcept {
    LaneContext context(*state);
    for (;;) {
        LaneJob job;
        {
            std::unique_lock lock(state->mutex);
            state->changed.wait(lock, [&] { return state->quit || state->job; });
            if (state->quit) {
                break;
            }
            job = std::move(state->job);
            state->job = nullptr;
        }
        std::exception_ptr failure;
        try {
            dispose_all(*state);
            job(context);
        } catch (...) {
            failure = std::current_exception();
        }
        job = nullptr;  // what it holds goes here, not at the caller's
        {
            const std::lock_guard lock(state->mutex);
            state->failure = failure;
            state->has_job = false;
        }
        state->changed.notify_all();
        state->signal();
    }
    dispose_all(*state);
    disconnect(*state);
    {
        const std::lock_guard lock(state->mutex);
        state->over = true;
    }
    state->changed.notify_all();
    live_lanes().left(state.get());
}

// SQLDriverConnect, or SQLConnect where user and password cannot be part of a string.
SQLRETURN connect(SQLHDBC dbc, const ConnectPlan& plan) {
    const auto wipe = [](WideText& text) { std::fill(text.begin(), text.end(), SQLWCHAR{0}); };
    if (plan.dsn.empty()) {
        WideText text = to_wide(plan.connection_string);
        const SQLRETURN code =
            SQLDriverConnectW(dbc, nullptr, text.data(), SQL_NTS, nullptr, 0, nullptr, SQL_DRIVER_NOPROMPT);
        wipe(text);
        return code;
    }
    WideText dsn = to_wide(plan.dsn);
    WideText user = to_wide(plan.user);
    WideText password = to_wide(plan.password);
    const SQLRETURN code = SQLConnectW(dbc, dsn.data(), SQL_NTS, user.data(), SQL_NTS, password.data(), SQL_NTS);
    wipe(password);
    return code;
}

void connect_job(LaneState& state, const ConnectPlan& plan) {
    const std::unique_lock turn(connecting(), std::chrono::seconds(plan.login_timeout_s));
    if (!turn.owns_lock()) {
        throw Error(ErrorKind::kTransient, "08001", "another attempt to connect to the source is still under way");
    }
    if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_DBC, environment(), &state.dbc))) {
        throw Error(ErrorKind::kInternal, "58000", "the ODBC driver manager gave no connection handle");
    }
    SQLSetConnectAttrW(state.dbc, SQL_ATTR_LOGIN_TIMEOUT,
                       reinterpret_cast<SQLPOINTER>(static_cast<SQLULEN>(plan.login_timeout_s)), 0);
    const auto before = open_sockets();
    {
        const std::lock_guard lock(state.mutex);
        state.connecting = true;
        state.sockets_before = before;
    }
    const SQLRETURN code = connect(state.dbc, plan);
    {
        const std::lock_guard lock(state.mutex);
        state.connecting = false;
    }
    if (!SQL_SUCCEEDED(code)) {
        const auto records = diagnostics(SQL_HANDLE_DBC, state.dbc);
        SQLFreeHandle(SQL_HANDLE_DBC, state.dbc);
        state.dbc = SQL_NULL_HANDLE;
        throw error_of(records, "connecting to the source");
    }
    state.socket = new_connected_socket(before);
}

}  // namespace

Lane::Lane(const ConnectPlan& plan, Waiter& waiter) : state_(std::make_shared<LaneState>()) {
    live_lanes().guard_exit();
    sigset_t before;
    block_signals(before);
    std::error_code failed;
    live_lanes().entered(state_.get(), [raw = state_.get()] {
        raw->stop = true;
        raw->shut();
        const std::lock_guard lock(raw->mutex);
        raw->quit = true;
        raw->changed.notify_all();
    });
    try {
        state_->thread = std::thread([state = state_] { lane_main(state); });
    } catch (const std::system_error& e) {
        failed = e.code();
        live_lanes().left(state_.get());
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (failed) {
        throw Error(ErrorKind::kTransient, "53000", "could not start a thread for a connection to the source",
                    failed.message());
    }
    try {
        run([state = state_.get(), plan](LaneContext&) { connect_job(*state, plan); }, waiter);
    } catch (...) {
        abandon();
        throw;
    }
}

Lane::~Lane() { abandon(); }

void Lane::post(LaneJob job) {
    if (!state_ || state_->broken) {
        throw Error(ErrorKind::kTransient, "08003", "the connection to the source is closed");
    }
    {
        const std::lock_guard lock(state_->mutex);
        if (state_->has_job) {
            throw Error(ErrorKind::kInternal, "XX000", "a connection to the source was used twice at a time");
        }
        state_->job = std::move(job);
        state_->has_job = true;
        state_->failure = nullptr;
        state_->stop = false;
    }
    state_->changed.notify_all();
}

void Lane::wait_event(Waiter& waiter) {
    try {
        while (!waiter.wait(state_->event, true, false, -1)) {}
    } catch (...) {
        abandon();
        throw;
    }
    eventfd_t count = 0;
    ::eventfd_read(state_->event, &count);
}

bool Lane::ended() {
    std::exception_ptr failure;
    {
        const std::lock_guard lock(state_->mutex);
        if (state_->has_job) {
            return false;
        }
        std::swap(failure, state_->failure);
    }
    if (failure) {
        std::rethrow_exception(failure);
    }
    return true;
}

void Lane::run(LaneJob job, Waiter& waiter) {
    post(std::move(job));
    const auto state = state_;  // abandon() lets go of it
    try {
        while (!ended()) {
            wait_event(waiter);
        }
    } catch (const Error& e) {
        // The session is gone with these; whatever comes next must not find out by waiting.
        if (e.sqlstate.starts_with("08")) {
            abandon();
        }
        throw;
    }
}

void Lane::start(LaneJob job) { post(std::move(job)); }

void Lane::dispose(std::shared_ptr<void> handles) noexcept {
    const std::lock_guard lock(state_->mutex);
    state_->disposed.push_back(std::move(handles));
}

bool Lane::busy() const noexcept {
    if (!state_) {
        return false;
    }
    const std::lock_guard lock(state_->mutex);
    return state_->has_job;
}

bool Lane::usable() const noexcept {
    if (!state_ || state_->broken || busy()) {
        return false;
    }
    const int fd = state_->socket;
    if (fd < 0) {
        return true;  // not found at connect: the next statement will tell
    }
    pollfd one{fd, POLLIN | POLLRDHUP, 0};
    return ::poll(&one, 1, 0) == 0;
}

void Lane::stop_running() noexcept {
    LaneState& state = *state_;
    state.stop = true;
    state.changed.notify_all();
    const auto idle = [&state] { return !state.has_job; };
    if (state.wait_for(milliseconds(0), idle)) {
        return;
    }
    {
        // No statement runs yet that SQLCancel could reach.
        const std::lock_guard lock(state.mutex);
        if (state.connecting) {
            shut_new_sockets(state.sockets_before);
        }
    }
    // SQLCancel may itself wait for the driver's lock: it gets a thread that nobody waits for.
    sigset_t before;
    block_signals(before);
    try {
        std::thread([shared = state_] {
            SQLHSTMT statement = SQL_NULL_HANDLE;
            {
                const std::lock_guard lock(shared->mutex);
                statement = shared->statement;
                if (statement == SQL_NULL_HANDLE) {
                    return;
                }
                ++shared->cancelling;
            }
            SQLCancel(statement);
            const std::lock_guard lock(shared->mutex);
            --shared->cancelling;
            shared->changed.notify_all();
        }).detach();
    } catch (const std::system_error&) {
        // no thread to be had: the socket does it
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (state.wait_for(kCancelPatience, idle)) {
        return;
    }
    state.shut();
    state.wait_for(kSocketPatience, idle);
}

void Lane::abandon() noexcept {
    if (!state_ || !state_->thread.joinable()) {
        return;
    }
    LaneState& state = *state_;
    state.broken = true;
    stop_running();
    {
        const std::lock_guard lock(state.mutex);
        state.quit = true;
    }
    state.changed.notify_all();
    if (!state.wait_for(kGoodbyePatience, [&state] { return state.over; })) {
        state.shut();
        if (!state.wait_for(kGoodbyePatience, [&state] { return state.over; })) {
            // A connect in progress ends by its own timeout; the thread holds what it needs.
            state.thread.detach();
            return;
        }
    }
    state.thread.join();
}

}  // namespace lakemover::source::odbc
