// See connection.hpp.
#include "source/odbc/connection.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "source/odbc/catalog.hpp"
#include "source/odbc/dialect.hpp"
#include "source/odbc/foreign.hpp"
#include "source/odbc/known_answers.hpp"
#include "source/odbc/probe.hpp"
#include "source/odbc/text_rows.hpp"
#include "source/plain_waiter.hpp"

namespace lakemover::source::odbc {

namespace {

constexpr long kEndTimeoutMs = 2000;
constexpr int kOldestMajor = 12;  // SQL Server 2014
constexpr int kAzureEdition = 5;
constexpr int kAzureManagedInstance = 8;

// What every session is pinned to. SET LANGUAGE sets the date format, so that comes after it. A reader that waits for a
// lock gives up rather than stand in a queue, and loses every deadlock. Rows are counted, so that none goes missing.
constexpr const char* kSessionSettings =
    "SET NOCOUNT OFF; SET LANGUAGE us_english; SET DATEFORMAT ymd; SET TEXTSIZE 2147483647; SET LOCK_TIMEOUT 30000; "
    "SET DEADLOCK_PRIORITY LOW; SET IMPLICIT_TRANSACTIONS OFF; SET XACT_ABORT OFF; SET QUOTED_IDENTIFIER ON; "
    "SET ANSI_NULLS ON; SET ANSI_WARNINGS ON; SET ANSI_PADDING ON; SET ARITHABORT ON; SET CONCAT_NULL_YIELDS_NULL ON; "
    "SET TRANSACTION ISOLATION LEVEL READ COMMITTED";

constexpr const char* kBeginSnapshot = "SET TRANSACTION ISOLATION LEVEL SNAPSHOT; BEGIN TRANSACTION";

// A serverless database of Azure SQL answers its first logins so for up to a minute, until it runs.
constexpr std::array kLoginWaitsMs = {1000L, 2000L, 4000L, 8000L, 15000L, 30000L, 0L};

// What Azure SQL tells a login that will be let in later; a wrong database (4060) is not among them.
bool asks_for_another_login(int native) {
    static constexpr std::array kLater = {40197, 40501, 40540, 40613, 10928, 10929, 10936, 49918, 49919, 49920};
    return std::find(kLater.begin(), kLater.end(), native) != kLater.end();
}

class OdbcCursor final : public Cursor {
public:
    OdbcCursor(std::shared_ptr<Lane> lane, OdbcConnection& connection, std::string sql, std::vector<TextValue> params,
               int fetch_size)
        : lane_(std::move(lane)), connection_(connection), sql_(std::move(sql)), params_(std::move(params)),
          fetch_size_(fetch_size) {
        open();
    }
    OdbcCursor(const OdbcCursor&) = delete;
    OdbcCursor& operator=(const OdbcCursor&) = delete;
    ~OdbcCursor() override { release(); }

    const std::vector<TextRow>& fetch() override {
        batch_.clear();
        lane_->run([this](LaneContext& lane) { batch_ = rows_->next(lane); }, connection_.waiter());
        return batch_;
    }
    void rewind() override {
        release();
        open();
    }
    void close() override { release(); }

private:
    void open() {
        lane_->run([this](LaneContext& lane) { rows_ = std::make_shared<TextRows>(lane, sql_, params_, fetch_size_); },
                   connection_.waiter());
    }
    void release() noexcept {
        if (rows_) {
            lane_->dispose(std::move(rows_));
        }
    }

    std::shared_ptr<Lane> lane_;
    OdbcConnection& connection_;
    std::string sql_;
    std::vector<TextValue> params_;
    int fetch_size_;
    std::shared_ptr<TextRows> rows_;
    std::vector<TextRow> batch_;
};

int major_of(const std::string& version) {
    int major = 0;
    std::from_chars(version.data(), version.data() + version.size(), major);
    return major;
}

Error no_point_in_time(const std::string& database, const std::string& detail) {
    return {ErrorKind::kConfig, "55000", "the source \"" + database + "\" offers no consistent point in time",
            "it is neither read-only nor a database snapshot, and SNAPSHOT transactions are not possible: " + detail,
            "ALTER DATABASE ... SET ALLOW_SNAPSHOT_ISOLATION ON, or migrate from a database snapshot; "
            "--source-quiesced declares that nobody writes, --accept-inconsistent goes on without a point in time"};
}

}  // namespace

OdbcConnection::OdbcConnection(const ConnectParams& params, Waiter& waiter)
    : endpoint_(endpoint_of(params)), family_(family_of(endpoint_.driver, driver_library(endpoint_.driver))),
      plan_(plan_connection(endpoint_, family_)), waiter_(&waiter) {
    if (family_ == DriverFamily::kFreeTds) {
        publish_sections(endpoint_);
    }
    lane_ = connect();
    info_.engine = params.engine;
    identify();
    foreign_source_ = make_foreign_source(*this);
}

OdbcConnection::~OdbcConnection() = default;

std::shared_ptr<Lane> OdbcConnection::connect() {
    std::shared_ptr<Lane> lane;
    for (const long wait_ms : kLoginWaitsMs) {
        try {
            lane = std::make_shared<Lane>(plan_, *waiter_);
            break;
        } catch (const Error& e) {
            if (!asks_for_another_login(e.native) || wait_ms == 0) {
                throw;
            }
            waiter_->wait(-1, false, false, wait_ms);
        }
    }
    run(lane, kSessionSettings);
    return lane;
}

std::shared_ptr<Lane> OdbcConnection::main_lane() {
    if (!lane_) {
        throw Error(ErrorKind::kTransient, "08003", "the connection to the source is closed");
    }
    return lane_;
}

std::shared_ptr<Lane> OdbcConnection::idle_lane() {
    auto lane = main_lane();
    // Whoever reads from the main lane holds it: the connection's own reference is one.
    return lane.use_count() > 2 ? connect() : lane;
}

void OdbcConnection::run(const std::shared_ptr<Lane>& lane, const std::string& sql) {
    lane->run([&sql](LaneContext& context) { run_to_end(context, sql); }, *waiter_);
}

void OdbcConnection::exec(std::string_view sql) { run(idle_lane(), std::string(sql)); }

TextResult OdbcConnection::query(std::string_view sql, const std::vector<TextValue>& params) {
    constexpr int kBatch = 5000;
    const auto lane = idle_lane();
    TextResult result;
    lane->run(
        [&](LaneContext& context) {
            TextRows rows(context, std::string(sql), params, kBatch);
            result.names = rows.names();
            for (;;) {
                std::vector<TextRow> batch = rows.next(context);
                if (batch.empty()) {
                    break;
                }
                std::move(batch.begin(), batch.end(), std::back_inserter(result.rows));
            }
        },
        *waiter_);
    return result;
}

std::unique_ptr<Cursor> OdbcConnection::open_cursor(std::string_view sql, const std::vector<TextValue>& params,
                                                    int fetch_size) {
    return std::make_unique<OdbcCursor>(idle_lane(), *this, std::string(sql), params, fetch_size);
}

void OdbcConnection::each_batch(std::string_view sql, const RowSink& sink) {
    constexpr int kFetchSize = 2000;
    pass_on(*open_cursor(sql, {}, kFetchSize), sink);
}

std::unique_ptr<CopyStream> OdbcConnection::copy_out(std::string_view /*sql*/, CopyFormat /*format*/) {
    throw Error(ErrorKind::kInternal, "XX000", "SQL Server has no COPY");
}

std::optional<std::string> OdbcConnection::catalog_query(std::string_view topic) {
    return odbc::catalog_query(topic, info_.version_num);
}

void OdbcConnection::identify() {
    const TextRow row = query(
                            "SELECT CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(128)), DB_NAME(), SUSER_SNAME(), "
                            "CAST(SERVERPROPERTY('EngineEdition') AS int), CAST(SERVERPROPERTY('ServerName') AS "
                            "nvarchar(256)), CAST(@@VERSION AS nvarchar(300)), CAST(N'a' + NCHAR(233) AS varbinary(8))",
                            {})
                            .rows.at(0);
    const int edition = row[3] ? std::stoi(*row[3]) : 0;
    const bool azure = edition == kAzureEdition || edition == kAzureManagedInstance;
    const int major = major_of(row[0].value_or(""));
    if (!azure && major < kOldestMajor) {
        throw Error(ErrorKind::kUnsupported, "0A000",
                    "SQL Server " + row[0].value_or("of an unknown version") + " is not supported as a source", {},
                    "supported are SQL Server 2014 (12.0) and newer, and Azure SQL");
    }
    std::string banner = row[5].value_or("");
    if (const std::size_t line = banner.find_first_of("\r\n"); line != std::string::npos) {
        banner.resize(line);
    }
    while (!banner.empty() && (banner.back() == ' ' || banner.back() == '\t')) {
        banner.pop_back();
    }
    info_.version = banner.empty() ? "SQL Server " + row[0].value_or("") : banner;
    info_.version_num = major * 10000;
    info_.database = row[1].value_or(endpoint_.database);
    info_.user = row[2].value_or(endpoint_.user);
    info_.encoding = "UTF8";
    info_.identity = row[4].value_or(endpoint_.host) + "/" + info_.database;
    info_.tls = endpoint_.encrypt;
    abilities_.raw_unicode = row[6] == "\\x6100e900";
}

TextRow OdbcConnection::position() {
    const auto read_only = query(
        "SELECT CASE WHEN is_read_only = 1 THEN 't' ELSE 'f' END FROM sys.databases WHERE "
        "database_id = DB_ID()",
        {});
    TextValue lsn;
    try {
        lsn = query("SELECT log_end_lsn FROM sys.dm_db_log_stats(DB_ID())", {}).rows.at(0).at(0);
    } catch (const Error& e) {
        // The view came with 2016 SP2 and needs VIEW DATABASE STATE: then the position cannot be known.
        if (e.sqlstate.starts_with("08")) {
            throw;
        }
    }
    return {lsn, read_only.rows.empty() ? TextValue("f") : read_only.rows[0][0]};
}

std::optional<std::string> OdbcConnection::versioned_table() {
    const auto table = query(
        "SELECT TOP (1) s.name, t.name FROM sys.tables AS t JOIN sys.schemas AS s ON s.schema_id = "
        "t.schema_id WHERE t.is_ms_shipped = 0 AND t.is_memory_optimized = 0 AND HAS_PERMS_BY_NAME(QUOTENAME(s.name) + "
        "N'.' + QUOTENAME(t.name), 'OBJECT', 'SELECT') = 1 ORDER BY t.object_id",
        {});
    if (table.rows.empty()) {
        return std::nullopt;
    }
    return quote_name(*table.rows[0][0]) + "." + quote_name(*table.rows[0][1]);
}

bool OdbcConnection::snapshot_works() {
    // Tried, not looked up: the catalog's flag need not tell what a SNAPSHOT transaction meets.
    const auto table = versioned_table();
    if (!table) {
        return true;
    }
    try {
        exec(kBeginSnapshot);
        query("SELECT TOP (1) 1 FROM " + *table, {});
        exec("ROLLBACK TRANSACTION");
        exec("SET TRANSACTION ISOLATION LEVEL READ COMMITTED");
        return true;
    } catch (const Error& e) {
        if (e.sqlstate.starts_with("08")) {
            throw;
        }
        exec("IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION");
        exec("SET TRANSACTION ISOLATION LEVEL READ COMMITTED");
        if (e.native != 3952) {
            throw;
        }
        return false;
    }
}

std::optional<std::string> OdbcConnection::frozen_proof() {
    const auto facts = query(
        "SELECT CAST(is_read_only AS int), source_database_id FROM sys.databases WHERE database_id = DB_ID()", {});
    if (!facts.rows.empty() && facts.rows[0][1]) {
        return "the source is a database snapshot";
    }
    if (!facts.rows.empty() && facts.rows[0][0] == "1") {
        return "the source database is READ_ONLY";
    }
    return std::nullopt;
}

bool OdbcConnection::begin_reading() {
    if (!frozen_) {
        frozen_ = frozen_proof().has_value();
        snapshots_ = !*frozen_ && snapshot_works();
    }
    if (*snapshots_) {
        run(main_lane(), kBeginSnapshot);
        reading_ = true;
    }
    return *frozen_ || *snapshots_;
}

std::unique_ptr<Cursor> OdbcConnection::open_reading_cursor(const std::string& sql, int fetch_size,
                                                            bool outside_points) {
    std::shared_ptr<Lane> lane = outside_points && reading_ ? connect() : idle_lane();
    if (reading_ && !outside_points && lane != lane_) {
        run(lane, kBeginSnapshot);
    }
    return std::make_unique<OdbcCursor>(std::move(lane), *this, sql, std::vector<TextValue>(), fetch_size);
}

void OdbcConnection::rollback_to_savepoint(int /*depth*/) {
    // While somebody reads from the main lane, that was not what failed.
    if (!reading_ || main_lane().use_count() > 2) {
        return;
    }
    if (query("SELECT @@TRANCOUNT", {}).rows.at(0).at(0) == "0") {
        throw Error(ErrorKind::kConnect, "08006", "the source has ended the transaction", {},
                    "start the transaction again: its snapshot of the source is gone");
    }
}

void OdbcConnection::begin_look(long /*budget_ms*/) {
    begin();
    if (!begin_reading() && !reads_versions()) {
        throw Error(ErrorKind::kUnsupported, "0A000",
                    "the source keeps no row versions: reading would wait for writers, "
                    "and make them wait",
                    {}, "ALTER DATABASE ... SET ALLOW_SNAPSHOT_ISOLATION ON");
    }
}

std::unique_ptr<Cursor> OdbcConnection::open_probe(const ProbeSpec& spec, long budget_ms) {
    constexpr int kFetchSize = 500;
    const std::string sql = odbc::probe(spec);
    begin_look(budget_ms);
    return open_reading_cursor(sql, kFetchSize, spec.memory_optimized || spec.ref_memory_optimized);
}

// READ COMMITTED reads the last committed version of a row, and locks none.
bool OdbcConnection::reads_versions() {
    if (!versions_) {
        const auto found = query(
            "SELECT CAST(is_read_committed_snapshot_on AS int) FROM sys.databases WHERE database_id = DB_ID()", {});
        versions_ = !found.rows.empty() && found.rows[0][0] == "1";
    }
    return *versions_;
}

Snapshot OdbcConnection::begin_and_export(const SnapshotRequest& request) {
    const std::optional<std::string> proof = frozen_proof();
    Snapshot snapshot;
    snapshot.position = position().at(0).value_or("");
    snapshot.session = query("SELECT CAST(@@SPID AS int)", {}).rows.at(0).at(0).value_or("");
    if (proof) {
        snapshot.id = "frozen";
        snapshot.level = "same";
        snapshot.proof = *proof;
    } else if (request.quiesced) {
        snapshot.id = "frozen";
        snapshot.level = "same";
        snapshot.proof = "the operator declared that nobody writes (--source-quiesced)";
    } else if (snapshot_works()) {
        snapshot.id = "table";
        snapshot.level = "table";
        snapshot.proof = "each table is read whole in a SNAPSHOT transaction of its own";
    } else if (request.accept_inconsistent) {
        snapshot.id = "inconsistent";
        snapshot.level = "none";
        snapshot.proof = "READ COMMITTED, accepted by the operator (--accept-inconsistent)";
    } else {
        throw no_point_in_time(info_.database, "ALLOW_SNAPSHOT_ISOLATION is OFF");
    }
    snapshot.type_faults = type_faults();
    return snapshot;
}

void OdbcConnection::begin_joined(std::string_view snapshot_id) {
    mode_ = snapshot_id == "frozen"         ? ReadMode::kFrozen
            : snapshot_id == "table"        ? ReadMode::kPerTable
            : snapshot_id == "inconsistent" ? ReadMode::kInconsistent
                                            : ReadMode::kNone;
    if (mode_ == ReadMode::kNone) {
        throw Error(ErrorKind::kConfig, "22023", "unknown kind of snapshot \"" + std::string(snapshot_id) + "\"");
    }
}

PointMarks OdbcConnection::open_point() {
    mode_ = ReadMode::kSessions;
    run(main_lane(), "IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION");
    if (!point_table_) {
        point_table_ = versioned_table();
    }
    if (!point_table_) {
        throw Error(ErrorKind::kUnsupported, "0A000",
                    "the source has no table whose first read would fix a point in time");
    }
    // BEGIN alone fixes nothing: the first read does.
    run(main_lane(), kBeginSnapshot);
    in_transaction_ = true;
    query("SELECT TOP (1) 1 FROM " + *point_table_, {});
    const auto numbers = [this](const char* sql) {
        std::vector<std::int64_t> all;
        for (const TextRow& row : query(sql, {}).rows) {
            all.push_back(row.at(0) ? std::stoll(*row.at(0)) : 0);
        }
        return all;
    };
    const auto own = numbers("SELECT transaction_sequence_num FROM sys.dm_tran_current_transaction");
    if (own.size() != 1 || own[0] == 0) {
        throw Error(ErrorKind::kUnsupported, "0A000", "the source gives this session's SNAPSHOT transaction no number");
    }
    PointMarks marks;
    marks.number = own[0];
    marks.active =
        numbers("SELECT transaction_sequence_num FROM sys.dm_tran_current_snapshot ORDER BY transaction_sequence_num");
    return marks;
}

bool OdbcConnection::keeps_point() noexcept {
    if (mode_ != ReadMode::kSessions || !usable()) {
        return false;
    }
    bool open = false;
    // Nobody but open_point() begins one in this mode: as long as one is open, it is that.
    return without_interrupts([&] { open = query("SELECT CAST(@@TRANCOUNT AS int)", {}).rows.at(0).at(0) == "1"; }) &&
           open;
}

void OdbcConnection::enter_table(const TableSpec& spec) {
    if (mode_ != ReadMode::kPerTable || table_id_ == spec.table_id) {
        return;
    }
    table_id_ = -1;
    run(main_lane(), "IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION");
    // A memory-optimised table cannot be read in a SNAPSHOT session; its own hint gives the same.
    run(main_lane(),
        std::string("SET TRANSACTION ISOLATION LEVEL ") + (spec.memory_optimized ? "READ COMMITTED" : "SNAPSHOT"));
    run(main_lane(), "BEGIN TRANSACTION");
    in_transaction_ = true;
    table_id_ = spec.table_id;
}

void OdbcConnection::begin() { in_transaction_ = true; }

void OdbcConnection::end() noexcept {
    if (!lane_ || !in_transaction_) {
        return;
    }
    in_transaction_ = false;
    if (table_id_ < 0 && !reading_ && mode_ != ReadMode::kSessions) {
        return;
    }
    table_id_ = -1;
    reading_ = false;
    if (!without_interrupts([this] { run(lane_, "IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION"); })) {
        abandon();
    }
}

// For error paths, where nothing may throw: short and not interruptible. False when it failed.
bool OdbcConnection::without_interrupts(const std::function<void()>& statement) noexcept {
    Waiter* const before = waiter_;
    PlainWaiter plain(kEndTimeoutMs);
    waiter_ = &plain;
    bool done = true;
    try {
        statement();
    } catch (...) {
        done = false;
    }
    waiter_ = before;
    return done;
}

const std::vector<std::string>& OdbcConnection::type_faults() {
    if (!type_faults_) {
        type_faults_ = ask_known_answers(*this);
    }
    return *type_faults_;
}

std::unique_ptr<TableReader> OdbcConnection::reader(const TableSpec& spec) {
    require_known_types(*this, spec);
    return make_table_reader(*this, spec);
}

bool OdbcConnection::usable() noexcept { return lane_ && lane_->usable(); }

void OdbcConnection::abandon() noexcept {
    if (lane_) {
        lane_->abandon();
        lane_.reset();
    }
}

}  // namespace lakemover::source::odbc
