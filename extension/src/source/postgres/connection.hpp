// The libpq driver's connection. Pure zone; throws source::Error and what the waiter throws. Any
// exception while an answer is outstanding closes the connection: half-read protocol is never reused.
#pragma once
#include "source/postgres/libpq.hpp"

namespace lakemover::source::postgres {

class LibpqConnection final : public Connection {
public:
    LibpqConnection(const ConnectParams& params, Waiter& waiter);
    LibpqConnection(const LibpqConnection&) = delete;
    LibpqConnection& operator=(const LibpqConnection&) = delete;
    ~LibpqConnection() override;

    const ServerInfo& info() const override { return info_; }
    void exec(std::string_view sql) override;
    TextResult query(std::string_view sql, const std::vector<TextValue>& params) override;
    // One row at a time, as they come: none is kept beside another, and none is asked for.
    void each_row(std::string_view sql, const RowSink& sink);
    void each_batch(std::string_view sql, const RowSink& sink) override;
    std::unique_ptr<Cursor> open_cursor(std::string_view sql, const std::vector<TextValue>& params,
                                        int fetch_size) override;
    std::unique_ptr<CopyStream> copy_out(std::string_view sql, CopyFormat format) override;
    std::optional<std::string> catalog_query(std::string_view topic) override;
    TextRow position() override;
    std::unique_ptr<TableReader> reader(const TableSpec& spec) override;
    void begin_look(long budget_ms) override;
    std::unique_ptr<Cursor> open_probe(const ProbeSpec& spec, long budget_ms) override;
    ForeignSource* foreign_source() override { return nullptr; }
    Snapshot begin_and_export(const SnapshotRequest& request) override;
    void begin_joined(std::string_view snapshot_id) override;
    void begin() override;
    void end() noexcept override;
    void savepoint(int depth) override;
    void release_savepoint(int depth) override;
    void rollback_to_savepoint(int depth) override;
    bool usable() noexcept override;
    void abandon() noexcept override;
    void set_waiter(Waiter& waiter) override { waiter_ = &waiter; }

    // For the cursor and the copy stream.
    PGconn* native();
    Waiter& waiter() noexcept { return *waiter_; }
    ResultPtr run(std::string_view sql, const std::vector<TextValue>& params);
    ResultPtr next_result();
    void expect_end();
    [[noreturn]] void fail(const PGresult* result);

private:
    void stream(std::string_view sql, std::size_t batch_rows, const RowSink& sink);
    void send(std::string_view sql, const std::vector<TextValue>& params);
    void pin_session(const ConnectParams& params);
    void cancel_from_thread() noexcept;

    ConnPtr conn_;
    Waiter* waiter_;
    ServerInfo info_;
    bool notices_close_ = false;  // the server ends a statement when its client's socket is gone
    int cursors_ = 0;
};

std::unique_ptr<TableReader> make_table_reader(LibpqConnection& connection, const TableSpec& spec);
std::unique_ptr<CopyStream> make_copy_stream(LibpqConnection& connection, CopyFormat format);

}  // namespace lakemover::source::postgres
