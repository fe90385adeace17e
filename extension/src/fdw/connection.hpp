// The connection cache: one session per user mapping and user, kept over transactions, tied to the
// local transaction by callbacks. Zone: PostgreSQL; functions throw source::Error and pg::PgError.
#pragma once
#include "fdw/session.hpp"
#include "pg/bridge.hpp"

namespace lakemover::fdw {

struct Slot;  // a place in the cache; lives as long as the backend

struct CursorRef {
    Slot* slot;
    std::uint64_t id;
};

// The session for a user on a server, with its remote transaction open at the current nesting level.
Slot& acquire(Oid server, Oid user);
Session& session_of(Slot& slot);
Session* find_session(Slot& slot) noexcept;  // null when it is closed
inline Session& acquire_session(Oid server, Oid user) { return session_of(acquire(server, user)); }

}  // namespace lakemover::fdw
