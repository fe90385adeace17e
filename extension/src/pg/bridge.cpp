// Raising what C++ threw, waiting on the latch, strings across the border. Zone: pg.
// May throw PgError; raise_pending() leaves by ereport and is called with nothing to destroy.
#include "pg/bridge.hpp"

#include <algorithm>
#include <chrono>

extern "C" {
#include "mb/pg_wchar.h"
#include "pgstat.h"
#include "storage/latch.h"
#if PG_VERSION_NUM >= 140000
#include "utils/wait_event.h"
#endif
#include "utils/builtins.h"
}

namespace lakemover::pg {

namespace {

// Copies text clipped to the buffer at a character's start. What the source sends is UTF-8; bytes
// that are not valid in this database's encoding become '?' rather than a second error.
void copy_text(char* to, std::size_t size, std::string_view from) noexcept {
    std::size_t length = std::min(from.size(), size - 1);
    if (length < from.size()) {
        while (length > 0 && (static_cast<unsigned char>(from[length]) & 0xC0U) == 0x80U) {
            --length;
        }
    }
    std::memcpy(to, from.data(), length);
    to[length] = '\0';
    bool plain = true;
    for (std::size_t i = 0; i < length; ++i) {
        if (to[i] == '\0') {
            to[i] = '?';
        }
        plain = plain && static_cast<unsigned char>(to[i]) < 0x80U;
    }
    if (!plain && (GetDatabaseEncoding() != PG_UTF8 || !pg_verify_mbstr(PG_UTF8, to, static_cast<int>(length), true))) {
        for (std::size_t i = 0; i < length; ++i) {
            if (static_cast<unsigned char>(to[i]) >= 0x80U) {
                to[i] = '?';
            }
        }
    }
}

bool valid_sqlstate(const std::string& state) noexcept {
    if (state.size() != 5 || state == "00000") {
        return false;
    }
    for (const char c : state) {
        if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'))) {
            return false;
        }
    }
    return true;
}

}  // namespace

void fill_pending(Pending& pending, const char* sqlstate, const char* message) noexcept {
    pending.rethrow = nullptr;
    pending.from_source = false;
    copy_text(pending.sqlstate, sizeof pending.sqlstate, sqlstate);
    copy_text(pending.message, sizeof pending.message, message);
    pending.detail[0] = '\0';
    pending.hint[0] = '\0';
}

void fill_pending(Pending& pending, const source::Error& error) noexcept {
    fill_pending(pending, valid_sqlstate(error.sqlstate) ? error.sqlstate.c_str() : "XX000", error.what());
    pending.from_source = true;
    copy_text(pending.detail, sizeof pending.detail, error.detail);
    copy_text(pending.hint, sizeof pending.hint, error.hint);
}

void raise_pending(Pending& pending) {
    if (pending.rethrow != nullptr) {
        ReThrowError(pending.rethrow);
    }
    if (pending.from_source) {
        // The user's cancel explains the error better than the connection that it broke.
        CHECK_FOR_INTERRUPTS();
    }
    const char* s = pending.sqlstate;
    ereport(ERROR, (errcode(MAKE_SQLSTATE(s[0], s[1], s[2], s[3], s[4])), errmsg("%s", pending.message),
                    pending.detail[0] != '\0' ? errdetail("%s", pending.detail) : 0,
                    pending.hint[0] != '\0' ? errhint("%s", pending.hint) : 0));
    pg_unreachable();
}

bool BackendWaiter::wait(int fd, bool readable, bool writable, long timeout_ms) {
    using Clock = std::chrono::steady_clock;
    const auto deadline = Clock::now() + std::chrono::milliseconds(std::max(timeout_ms, 0L));
    // Constants of the server are unsigned or int by version; WaitLatchOrSocket takes int.
    const bool use_socket = fd >= 0 && (readable || writable);
    for (;;) {
        long left = -1;
        if (timeout_ms >= 0) {
            const auto rest = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
            left = std::max<long>(rest, 0);
        }
        const int events = pg_call([=] {
            CHECK_FOR_INTERRUPTS();
            int wanted = WL_LATCH_SET | WL_EXIT_ON_PM_DEATH;
            if (left >= 0) {
                wanted |= WL_TIMEOUT;
            }
            if (use_socket) {
                wanted |= (readable ? WL_SOCKET_READABLE : 0) | (writable ? WL_SOCKET_WRITEABLE : 0);
            }
            const int got =
                WaitLatchOrSocket(MyLatch, wanted, use_socket ? fd : PGINVALID_SOCKET, left, PG_WAIT_EXTENSION);
            if ((got & WL_LATCH_SET) != 0) {
                ResetLatch(MyLatch);
                CHECK_FOR_INTERRUPTS();
            }
            return got;
        });
        if ((events & (WL_SOCKET_READABLE | WL_SOCKET_WRITEABLE)) != 0) {
            return true;
        }
        if ((events & WL_TIMEOUT) != 0 && (events & WL_LATCH_SET) == 0) {
            return false;
        }
    }
}

void check_interrupts() {
    if (INTERRUPTS_PENDING_CONDITION()) {
        pg_call([] { ProcessInterrupts(); });
    }
}

char* to_cstring(std::string_view text) {
    return pg_call([&text] { return pnstrdup(text.data(), text.size()); });
}

Datum to_text_datum(std::string_view text) {
    if (text.size() > MaxAllocSize - VARHDRSZ) {
        throw source::Error(source::ErrorKind::kUnsupported, "54000", "value of the source is larger than 1 GB");
    }
    return pg_call(
        [&text] { return PointerGetDatum(cstring_to_text_with_len(text.data(), static_cast<int>(text.size()))); });
}

std::string from_text_datum(Datum value) {
    struct View {
        const char* data;
        int size;
    };
    const View view = pg_call([value] {
        const auto* packed = DatumGetTextPP(value);
        return View{VARDATA_ANY(packed), static_cast<int>(VARSIZE_ANY_EXHDR(packed))};
    });
    return {view.data, static_cast<std::size_t>(view.size)};
}

}  // namespace lakemover::pg
