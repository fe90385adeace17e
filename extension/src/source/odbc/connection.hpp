// The ODBC driver's connection to SQL Server or Azure SQL. Pure zone; throws source::Error and what the waiter
// throws. Without MARS a connection serves one statement at a time: a second one gets a lane of its own.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "source/foreign.hpp"
#include "source/odbc/connect_plan.hpp"
#include "source/odbc/lane.hpp"
#include "source/spec.hpp"

namespace lakemover::source::odbc {

// What the engine was found to do, decided once a connection.
struct Abilities {
    bool raw_unicode = false;  // CAST(nvarchar AS varbinary) gives UTF-16LE
};

// How a run's readers see the source; the text of a snapshot's id.
enum class ReadMode { kNone, kFrozen, kSessions, kPerTable, kInconsistent };

class OdbcConnection final : public Connection {
public:
    OdbcConnection(const ConnectParams& params, Waiter& waiter);
    OdbcConnection(const OdbcConnection&) = delete;
    OdbcConnection& operator=(const OdbcConnection&) = delete;
    ~OdbcConnection() override;

    const ServerInfo& info() const override { return info_; }
    void exec(std::string_view sql) override;
    TextResult query(std::string_view sql, const std::vector<TextValue>& params) override;
    std::unique_ptr<Cursor> open_cursor(std::string_view sql, const std::vector<TextValue>& params,
                                        int fetch_size) override;
    void each_batch(std::string_view sql, const RowSink& sink) override;
    // Rows leave as COPY BINARY only through a table's reader, which knows their types.
    std::unique_ptr<CopyStream> copy_out(std::string_view sql, CopyFormat format) override;
    std::optional<std::string> catalog_query(std::string_view topic) override;
    TextRow position() override;
    std::unique_ptr<TableReader> reader(const TableSpec& spec) override;
    void begin_look(long budget_ms) override;
    std::unique_ptr<Cursor> open_probe(const ProbeSpec& spec, long budget_ms) override;
    Snapshot begin_and_export(const SnapshotRequest& request) override;
    void begin_joined(std::string_view snapshot_id) override;
    PointMarks open_point() override;
    bool keeps_point() noexcept override;
    void set_type_faults(const std::vector<std::string>& faults) override { type_faults_ = faults; }
    void begin() override;
    void end() noexcept override;
    // Reading statements leave nothing to undo; but some errors end the transaction, and its point in time is gone.
    void savepoint(int /*depth*/) override {}
    void release_savepoint(int /*depth*/) override {}
    void rollback_to_savepoint(int depth) override;
    ForeignSource* foreign_source() override { return foreign_source_.get(); }
    bool usable() noexcept override;
    void abandon() noexcept override;
    void set_waiter(Waiter& waiter) override { waiter_ = &waiter; }

    // For readers, cursors and streams.
    const Abilities& abilities() const noexcept { return abilities_; }
    Waiter& waiter() noexcept { return *waiter_; }
    // The main lane when it is idle, else a new one with the session's settings.
    std::shared_ptr<Lane> idle_lane();
    std::shared_ptr<Lane> main_lane();
    // What known_answers.hpp found wrong; asked once a connection, and not at all when it was told.
    const std::vector<std::string>& type_faults();
    // In per-table mode: one SNAPSHOT transaction from the first statement about a table to the last.
    void enter_table(const TableSpec& spec);
    // For foreign tables: a SNAPSHOT transaction for what follows, where the source can do that. True when what is
    // read has one point in time.
    bool begin_reading();
    // On the main lane, in its transaction, as long as that is free; else with a point in time of its own.
    // outside_points: what a SNAPSHOT session cannot read.
    std::unique_ptr<Cursor> open_reading_cursor(const std::string& sql, int fetch_size, bool outside_points);
    ReadMode mode() const noexcept { return mode_; }

private:
    void run(const std::shared_ptr<Lane>& lane, const std::string& sql);
    bool without_interrupts(const std::function<void()>& statement) noexcept;
    std::shared_ptr<Lane> connect();
    void identify();
    // A table that a SNAPSHOT transaction can read, quoted; absent when there is none.
    std::optional<std::string> versioned_table();
    bool snapshot_works();
    bool reads_versions();
    // Why nobody can write to the source; absent when somebody can.
    std::optional<std::string> frozen_proof();

    Endpoint endpoint_;
    DriverFamily family_;
    ConnectPlan plan_;
    Waiter* waiter_;
    std::shared_ptr<Lane> lane_;
    ServerInfo info_;
    Abilities abilities_;
    ReadMode mode_ = ReadMode::kNone;
    bool in_transaction_ = false;
    std::optional<std::string> point_table_;  // whose first read fixes a point in time
    std::int64_t table_id_ = -1;              // whose transaction is open, in per-table mode
    std::unique_ptr<ForeignSource> foreign_source_;
    std::optional<std::vector<std::string>> type_faults_;
    std::optional<bool> snapshots_;  // asked once: SNAPSHOT transactions are possible
    std::optional<bool> versions_;   // and so: READ COMMITTED reads versions
    std::optional<bool> frozen_;     // and so: nothing can change
    bool reading_ = false;           // begin_reading() has opened a transaction
};

std::unique_ptr<TableReader> make_table_reader(OdbcConnection& connection, const TableSpec& spec);
// sql's columns are spec's, in order; the statement runs on the lane until the stream has ended.
std::unique_ptr<CopyStream> make_copy_stream(std::shared_ptr<Lane> lane, Waiter& waiter, const Abilities& abilities,
                                             const TableSpec& spec, const std::string& sql);

}  // namespace lakemover::source::odbc
