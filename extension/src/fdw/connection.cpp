// See connection.hpp. A session is dropped when its server or mapping changes, when it is older than
// recycle_age, when it turns out to be dead before reuse, and when a statement was stopped inside it.
#include "fdw/connection.hpp"

#include <algorithm>
#include <optional>
#include <tuple>

#include "fdw/fdw.hpp"
#include "pg/server_options.hpp"

extern "C" {
#include "access/xact.h"
#include "commands/defrem.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
}

namespace lakemover::fdw {

using source::Error;
using source::ErrorKind;

// The user is part of the key: PUBLIC's mapping is shared, but a session that a superuser opened
// without a password must not be handed to somebody else.
struct SlotKey {
    Oid mapping;
    Oid user;
    bool operator<(const SlotKey& other) const { return std::tie(mapping, user) < std::tie(other.mapping, other.user); }
};

struct Slot {
    Oid server = InvalidOid;
    Oid user = InvalidOid;
    std::optional<Session> session;
    bool stale = false;   // server or mapping were changed
    bool lost = false;    // the session broke in the current transaction, which had read through it
    int began_level = 0;  // nesting level at which the remote transaction was opened
    bool warned = false;  // of a source without a point in time, once a session
    bool keep = true;
    long recycle_age = kDefaultRecycleAge;
    TimestampTz opened = 0;
    uint32 server_hash = 0;
    uint32 mapping_hash = 0;
};

namespace {

// Slots stay where they are: scans hold pointers to them.
std::map<SlotKey, Slot>& slots() {
    static std::map<SlotKey, Slot> all;
    return all;
}

bool touched = false;  // some session has a transaction open

pg::BackendWaiter& waiter() {
    static pg::BackendWaiter instance;
    return instance;
}

void settle(Slot& slot) noexcept {
    slot.lost = false;
    if (slot.session && (!slot.session->alive() || slot.stale || !slot.keep)) {
        slot.session.reset();
    }
}

void end_all() noexcept {
    if (!touched) {
        return;
    }
    touched = false;
    for (auto& [key, slot] : slots()) {
        if (slot.session && slot.session->depth() > 0) {
            slot.session->finish();
        }
        settle(slot);
    }
}

// The remote transaction only reads: it ends before the local one commits (or prepares), and after
// it has aborted.
void on_xact(XactEvent event, void* /*arg*/) {
    switch (event) {
        case XACT_EVENT_PRE_COMMIT:
        case XACT_EVENT_PARALLEL_PRE_COMMIT:
        case XACT_EVENT_PRE_PREPARE:
        case XACT_EVENT_ABORT:
        case XACT_EVENT_PARALLEL_ABORT: end_all(); break;
        default: break;
    }
}

void on_subxact(SubXactEvent event, SubTransactionId /*mine*/, SubTransactionId /*parent*/, void* /*arg*/) {
    if (!touched || (event != SUBXACT_EVENT_PRE_COMMIT_SUB && event != SUBXACT_EVENT_ABORT_SUB)) {
        return;
    }
    const int level = GetCurrentTransactionNestLevel();
    for (auto& item : slots()) {
        Slot& slot = item.second;
        if (!slot.session || slot.session->depth() < level) {
            continue;
        }
        if (event == SUBXACT_EVENT_ABORT_SUB) {
            slot.session->rollback_savepoint();
            if (!slot.session->alive() && slot.began_level >= level) {
                // All that was read through it is rolled back too: a new snapshot is as good.
                slot.session.reset();
                continue;
            }
        } else if (slot.session->alive()) {
            pg::entry([&] { slot.session->release_savepoint(); });
            slot.began_level = std::min(slot.began_level, level - 1);
        }
        slot.lost = slot.lost || !slot.session->alive();
    }
}

void on_syscache(Datum /*arg*/, int cache, uint32 hash) {
    for (auto& item : slots()) {
        Slot& slot = item.second;
        const uint32 mine = cache == FOREIGNSERVEROID ? slot.server_hash : slot.mapping_hash;
        if (slot.session && (hash == 0 || hash == mine)) {
            slot.stale = true;
            if (slot.session->depth() == 0) {
                slot.session.reset();
            }
        }
    }
}

void register_callbacks() {
    static bool done = false;
    if (done) {
        return;
    }
    pg::pg_call([] {
        RegisterXactCallback(on_xact, nullptr);
        RegisterSubXactCallback(on_subxact, nullptr);
        CacheRegisterSyscacheCallback(FOREIGNSERVEROID, on_syscache, Datum{0});
        CacheRegisterSyscacheCallback(USERMAPPINGOID, on_syscache, Datum{0});
    });
    done = true;
}

void open_session(Slot& slot, Oid mapping) {
    if (GetDatabaseEncoding() != PG_UTF8) {
        throw Error(
            ErrorKind::kUnsupported, "0A000",
            "sources can be read from databases in UTF8 only, this one is in " + std::string(GetDatabaseEncodingName()),
            {}, "CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0 for the staging database");
    }
    // Read before connecting: an ALTER SERVER that arrives meanwhile then marks the slot.
    const Oid server = slot.server;
    struct Settings {
        bool keep;
        long recycle_age;
        uint32 server_hash;
        uint32 mapping_hash;
        const char* name;
    };
    const Settings settings = pg::pg_call([=] {
        ForeignServer* foreign = GetForeignServer(server);
        const char* keep = option_value(foreign->options, "keep_connections");
        const char* age = option_value(foreign->options, "recycle_age");
        bool keep_value = true;
        if (keep != nullptr && !parse_bool(keep, &keep_value)) {
            keep_value = true;
        }
        return Settings{keep_value, age != nullptr ? pg_strtoint32(age) : kDefaultRecycleAge,
                        GetSysCacheHashValue1(FOREIGNSERVEROID, ObjectIdGetDatum(server)),
                        GetSysCacheHashValue1(USERMAPPINGOID, ObjectIdGetDatum(mapping)), foreign->servername};
    });
    source::ConnectParams params = pg::resolve_source(server, slot.user);
    slot.stale = false;
    slot.warned = false;
    slot.keep = settings.keep;
    slot.recycle_age = settings.recycle_age;
    slot.server_hash = settings.server_hash;
    slot.mapping_hash = settings.mapping_hash;
    slot.session.emplace(source::connect(params, waiter()), waiter());
    slot.opened = GetCurrentTimestamp();
}

void warn_of_no_point(const Slot& slot) {
    const Oid server = slot.server;
    pg::pg_call([=] {
        ereport(
            WARNING,
            (errcode(ERRCODE_WARNING),
             errmsg("the source of server \"%s\" offers no consistent point in time",
                    GetForeignServer(server)->servername),
             errdetail("SNAPSHOT transactions are not possible there: foreign tables are read with READ COMMITTED."),
             errhint("ALTER DATABASE ... SET ALLOW_SNAPSHOT_ISOLATION ON, or read a database snapshot.")));
    });
}

bool too_old(const Slot& slot) {
    const auto seconds = static_cast<int>(std::min<long>(slot.recycle_age, 2000000));
    return TimestampDifferenceExceeds(slot.opened, GetCurrentTimestamp(), seconds * 1000);
}

}  // namespace

Session& session_of(Slot& slot) {
    if (!slot.session) {
        throw Error(ErrorKind::kConnect, "08003", "the connection to the source behind this scan is closed");
    }
    return *slot.session;
}

Session* find_session(Slot& slot) noexcept { return slot.session ? &*slot.session : nullptr; }

Slot& acquire(Oid server, Oid user) {
    register_callbacks();
    const Oid mapping = pg::pg_call([=] { return GetUserMapping(user, server)->umid; });
    Slot& slot = slots()[SlotKey{mapping, user}];
    slot.server = server;
    slot.user = user;
    if (slot.lost || (slot.session && !slot.session->alive() && slot.session->depth() > 0)) {
        throw Error(ErrorKind::kConnect, "08006", "the connection to the source was lost in this transaction", {},
                    "start the transaction again: its snapshot of the source is gone");
    }
    bool reused = slot.session.has_value();
    if (reused && slot.session->depth() == 0 && (slot.stale || too_old(slot) || !slot.session->usable())) {
        slot.session.reset();
        reused = false;
    }
    if (!slot.session) {
        open_session(slot, mapping);
    }
    touched = true;
    const int level = pg::pg_call([] { return GetCurrentTransactionNestLevel(); });
    const bool first = slot.session->depth() == 0;
    slot.began_level = first ? level : slot.began_level;
    try {
        slot.session->enter(level);
    } catch (const Error&) {
        // The source closed an idle connection after the check: nothing has been read yet, so a new
        // one is as good.
        if (!reused || !first || slot.session->alive()) {
            throw;
        }
        slot.session.reset();
        open_session(slot, mapping);
        slot.session->enter(level);
    }
    if (!slot.session->consistent() && !slot.warned) {
        slot.warned = true;
        warn_of_no_point(slot);
    }
    return slot;
}

}  // namespace lakemover::fdw
