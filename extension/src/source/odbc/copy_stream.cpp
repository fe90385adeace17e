// The rows of a SELECT as COPY BINARY. The lane's thread executes and fetches into a small ring, the backend's
// thread encodes and passes on. Tables with unbounded columns are fetched row by row and encoded where they are
// fetched, since SQLGetData reads their values in pieces. Pure zone.
#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>

#include "codec/digest.hpp"
#include "source/odbc/connection.hpp"
#include "source/odbc/encode.hpp"

namespace lakemover::source::odbc {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kBlockBytes = 512U * 1024U;  // of bound buffers
constexpr std::size_t kMaxBlockRows = 2000;
constexpr std::size_t kRing = 3;
constexpr std::size_t kPieceBytes = 64U * 1024U;
constexpr std::size_t kChunkBytes = 256U * 1024U;  // of encoded rows handed over at once

struct ColumnReader {
    std::string name;
    SqlType type;
    Binding binding;
    std::unique_ptr<Encoder> encoder;           // bound
    std::unique_ptr<LongEncoder> long_encoder;  // in pieces
    std::unique_ptr<Losses> losses;             // where the encoders count
};

std::vector<ColumnReader> make_readers(const TableSpec& spec, const Abilities& abilities) {
    std::vector<ColumnReader> readers;
    for (const ColumnSpec& column : spec.columns) {
        ColumnReader reader;
        reader.name = column.name;
        reader.type = parse_sql_type(column.source_type);
        reader.binding = binding_of(reader.type, abilities.raw_unicode);
        reader.losses = std::make_unique<Losses>();
        const Policy policy = parse_policy(column.policy);
        try {
            if (reader.binding.is_long()) {
                reader.long_encoder = make_long_encoder(reader.type, column.target_codec, policy, *reader.losses);
            } else {
                reader.encoder = make_encoder(reader.type, column.target_codec, policy, *reader.losses);
            }
        } catch (Error& e) {
            e.detail = "column \"" + column.name + "\" of table \"" + spec.source_schema + "\".\"" + spec.source_table +
                       "\" is " + column.source_type;
            throw;
        }
        readers.push_back(std::move(reader));
    }
    return readers;
}

void append_count(std::size_t fields, std::string& out) {
    std::array<char, 2> bytes{};
    codec::store_be(bytes.data(), static_cast<std::uint16_t>(fields));
    out.append(bytes.data(), bytes.size());
}

constexpr std::string_view kNullField{"\xFF\xFF\xFF\xFF", 4};

// One rowset in column-wise bound buffers.
struct Block {
    struct Column {
        std::vector<char> data;
        std::vector<SQLLEN> indicators;
    };
    std::vector<Column> columns;
    SQLULEN rows = 0;
};

// What the lane's thread and the reader share. It outlives both sides' interest.
class Exchange {
public:
    // For the producer: waits while the ring is full; false when the reader has gone.
    template <class Item> bool put(std::deque<Item>& queue, std::size_t limit, Item item, LaneContext& lane) {
        std::unique_lock lock(mutex_);
        while (queue.size() >= limit && !lane.stopped()) {
            changed_.wait_for(lock, std::chrono::milliseconds(100));
        }
        if (lane.stopped()) {
            return false;
        }
        queue.push_back(std::move(item));
        lock.unlock();
        lane.signal();
        return true;
    }
    template <class Item> bool take(std::deque<Item>& queue, Item& item) {
        {
            const std::lock_guard lock(mutex_);
            if (queue.empty()) {
                return false;
            }
            item = std::move(queue.front());
            queue.pop_front();
        }
        changed_.notify_all();
        return true;
    }
    // A used item for the producer to fill again.
    template <class Item> void take_back(std::deque<Item>& queue, Item item) {
        const std::lock_guard lock(mutex_);
        queue.push_back(std::move(item));
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
};

Error in_column(Error e, const TableSpec& spec, const std::string& column, std::int64_t row) {
    const std::string where = "table \"" + spec.source_schema + "\".\"" + spec.source_table + "\", column \"" + column +
                              "\", row " + std::to_string(row) + " of the chunk";
    e.detail = e.detail.empty() ? where : where + ": " + e.detail;
    return e;
}

// A value from a bound buffer. A cut one comes with SQL_SUCCESS_WITH_INFO and its full length, or none: it is never passed on.
void encode_bound(ColumnReader& reader, const char* data, SQLLEN length, std::string& out) {
    if (length == SQL_NULL_DATA) {
        out.append(kNullField);
        return;
    }
    const std::size_t room = reader.binding.element_bytes;
    if (length < 0 || static_cast<std::size_t>(length) > room) {
        throw Error(ErrorKind::kData, "22001", "the source gave a value longer than its column's type",
                    "the catalog says at most " + std::to_string(room) + " bytes, the value has " +
                        (length < 0 ? std::string("more") : std::to_string(length)),
                    "take the inventory again");
    }
    reader.encoder->value(data, static_cast<std::size_t>(length), out);
}

void set_row_array(SQLHSTMT statement, std::size_t rows, SQLULEN* fetched) {
    SQLSetStmtAttr(statement, SQL_ATTR_ROW_ARRAY_SIZE, reinterpret_cast<SQLPOINTER>(rows), 0);
    SQLSetStmtAttr(statement, SQL_ATTR_ROWS_FETCHED_PTR, fetched, 0);
}

void execute(SQLHSTMT statement, const std::string& sql) {
    WideText text = to_wide(sql);
    check(SQLExecDirectW(statement, text.data(), SQL_NTS), SQL_HANDLE_STMT, statement, "reading the source's rows");
}

class StreamBase : public CopyStream {
public:
    StreamBase(std::shared_ptr<Lane> lane, Waiter& waiter, const Abilities& abilities, const TableSpec& spec,
               std::string sql)
        : lane_(std::move(lane)), waiter_(waiter), spec_(spec), sql_(std::move(sql)),
          readers_(make_readers(spec, abilities)) {}
    StreamBase(const StreamBase&) = delete;
    StreamBase& operator=(const StreamBase&) = delete;
    ~StreamBase() override {
        // Half-read results are not drained: the source may have gigabytes more of them. After the source's own error
        // nothing is left to read.
        if (!ended_ && lane_->busy()) {
            lane_->abandon();
        }
    }
    std::int64_t rows() const override { return rows_; }
    std::int64_t wait_micros() const override { return wait_micros_; }
    std::vector<ColumnLosses> losses() const override {
        std::vector<ColumnLosses> all;
        for (const ColumnReader& reader : readers_) {
            ColumnLosses one{reader.name, {}};
            const auto add = [&one](const char* kind, std::int64_t n) {
                if (n > 0) {
                    one.values[kind] = n;
                }
            };
            add("nul", reader.losses->nul);
            add("surrogate", reader.losses->surrogate);
            add("precision", reader.losses->precision);
            if (!one.values.empty()) {
                all.push_back(std::move(one));
            }
        }
        return all;
    }

protected:
    // True when the producer has ended without an error and nothing is left to take.
    template <class Take> bool wait_for_item(Take take) {
        for (;;) {
            if (take()) {
                return true;
            }
            if (lane_->ended()) {
                // What it put before its end is there by now.
                if (take()) {
                    return true;
                }
                ended_ = true;
                return false;
            }
            const auto start = Clock::now();
            lane_->wait_event(waiter_);
            wait_micros_ += std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - start).count();
        }
    }

    std::shared_ptr<Lane> lane_;
    Waiter& waiter_;
    const TableSpec& spec_;
    const std::string sql_;
    std::vector<ColumnReader> readers_;
    std::int64_t rows_ = 0;
    std::int64_t wait_micros_ = 0;
    bool ended_ = false;
};

// All columns bound: blocks of rows.
class BlockStream final : public StreamBase {
public:
    using StreamBase::StreamBase;

    void start() {
        shared_ = std::make_shared<Shared>();
        std::size_t width = 1;
        for (const ColumnReader& reader : readers_) {
            shared_->bindings.push_back(reader.binding);
            width += reader.binding.element_bytes + sizeof(SQLLEN);
        }
        shared_->block_rows = std::clamp<std::size_t>(kBlockBytes / width, 1, kMaxBlockRows);
        lane_->start([shared = shared_, sql = sql_](LaneContext& lane) { produce(*shared, sql, lane); });
    }

    bool read(std::string& out, std::size_t want) override {
        const std::size_t until = out.size() + want;
        while (out.size() < until) {
            if (next_ == (block_ ? block_->rows : 0)) {
                recycle();
                if (ended_ || !wait_for_item([this] { return shared_->exchange.take(shared_->full, block_); })) {
                    return out.size() > until - want;
                }
            }
            encode_row(out);
        }
        return true;
    }

    void drain() override {
        while (!ended_ && wait_for_item([this] { return shared_->exchange.take(shared_->full, block_); })) {
            recycle();
        }
    }

private:
    struct Shared {
        Exchange exchange;
        std::deque<std::unique_ptr<Block>> full;
        std::deque<std::unique_ptr<Block>> empty;
        std::vector<Binding> bindings;
        std::size_t block_rows = 1;
    };

    static std::unique_ptr<Block> make_block(const Shared& shared) {
        auto block = std::make_unique<Block>();
        block->columns.resize(shared.bindings.size());
        for (std::size_t i = 0; i < shared.bindings.size(); ++i) {
            block->columns[i].data.resize(shared.bindings[i].element_bytes * shared.block_rows);
            block->columns[i].indicators.resize(shared.block_rows);
        }
        return block;
    }

    static void produce(Shared& shared, const std::string& sql, LaneContext& lane) {
        const Statement statement(lane.connection());
        const auto running = lane.running(statement.get());
        SQLULEN fetched = 0;
        set_row_array(statement.get(), shared.block_rows, &fetched);
        execute(statement.get(), sql);
        std::int64_t rows = 0;
        for (;;) {
            std::unique_ptr<Block> block;
            if (!shared.exchange.take(shared.empty, block)) {
                block = make_block(shared);
            }
            for (std::size_t i = 0; i < shared.bindings.size(); ++i) {
                check(SQLBindCol(statement.get(), static_cast<SQLUSMALLINT>(i + 1), shared.bindings[i].c_type,
                                 block->columns[i].data.data(), static_cast<SQLLEN>(shared.bindings[i].element_bytes),
                                 block->columns[i].indicators.data()),
                      SQL_HANDLE_STMT, statement.get(), "binding the source's columns");
            }
            fetched = 0;
            if (!fetch(statement.get(), rows, "fetching the source's rows")) {
                return;
            }
            block->rows = fetched;
            rows += static_cast<std::int64_t>(fetched);
            if (!shared.exchange.put(shared.full, kRing, std::move(block), lane)) {
                return;
            }
        }
    }

    void recycle() {
        if (block_) {
            shared_->exchange.take_back(shared_->empty, std::move(block_));
        }
        next_ = 0;
    }

    void encode_row(std::string& out) {
        const std::size_t start = out.size();
        append_count(readers_.size(), out);
        for (std::size_t i = 0; i < readers_.size(); ++i) {
            const Block::Column& column = block_->columns[i];
            try {
                encode_bound(readers_[i], column.data.data() + next_ * readers_[i].binding.element_bytes,
                             column.indicators[next_], out);
            } catch (const Error& e) {
                out.resize(start);
                throw in_column(e, spec_, readers_[i].name, rows_ + 1);
            }
        }
        ++rows_;
        ++next_;
    }

    std::shared_ptr<Shared> shared_;
    std::unique_ptr<Block> block_;
    SQLULEN next_ = 0;
};

// Unbounded columns among the others: row by row, encoded on the lane's thread.
class LongStream final : public StreamBase {
public:
    using StreamBase::StreamBase;

    void start() {
        shared_ = std::make_shared<Shared>();
        shared_->readers = &readers_;
        shared_->spec = spec_;
        // abandon() waits for the thread or leaves it only while it connects: the readers outlive the job.
        lane_->start([shared = shared_, sql = sql_](LaneContext& lane) { produce(*shared, sql, lane); });
    }

    bool read(std::string& out, std::size_t want) override {
        if (at_ == piece_.bytes.size()) {
            piece_ = {};
            at_ = 0;
            if (ended_ || !wait_for_item([this] { return shared_->exchange.take(shared_->full, piece_); })) {
                return false;
            }
            rows_ += piece_.rows;
        }
        const std::size_t n = std::min(want, piece_.bytes.size() - at_);
        out.append(piece_.bytes, at_, n);
        at_ += n;
        return true;
    }

private:
    struct Piece {
        std::string bytes;
        std::int64_t rows = 0;
    };
    struct Shared {
        Exchange exchange;
        std::deque<Piece> full;
        std::vector<ColumnReader>* readers = nullptr;
        TableSpec spec;
    };

    // One row's buffer of a bounded column, or the place of an unbounded one in the result.
    struct Cell {
        std::vector<char> data;
        SQLLEN indicator = 0;
        SQLUSMALLINT number = 0;
    };

    // Bounded columns stand first in the result (copied_columns()) and are bound: SQLGetData, the slower way, may be used
    // behind the last bound one by every driver.
    static std::vector<Cell> bind_bounded(const std::vector<ColumnReader>& readers, SQLHSTMT statement) {
        std::vector<Cell> cells(readers.size());
        SQLUSMALLINT number = 0;
        for (const bool long_ones : {false, true}) {
            for (std::size_t i = 0; i < readers.size(); ++i) {
                const Binding& binding = readers[i].binding;
                if (binding.is_long() != long_ones) {
                    continue;
                }
                Cell& cell = cells[i];
                cell.number = ++number;
                if (!long_ones) {
                    cell.data.resize(binding.element_bytes);
                    check(SQLBindCol(statement, number, binding.c_type, cell.data.data(),
                                     static_cast<SQLLEN>(cell.data.size()), &cell.indicator),
                          SQL_HANDLE_STMT, statement, "binding the source's columns");
                }
            }
        }
        return cells;
    }

    static void produce(Shared& shared, const std::string& sql, LaneContext& lane) {
        const Statement statement(lane.connection());
        const auto running = lane.running(statement.get());
        execute(statement.get(), sql);
        std::vector<ColumnReader>& readers = *shared.readers;
        const std::vector<Cell> cells = bind_bounded(readers, statement.get());
        std::vector<char> buffer(kPieceBytes);
        Piece piece;
        std::int64_t row = 0;
        while (fetch(statement.get(), row, "fetching the source's rows")) {
            ++row;
            append_count(readers.size(), piece.bytes);
            for (std::size_t i = 0; i < readers.size(); ++i) {
                try {
                    if (readers[i].binding.is_long()) {
                        read_long(statement.get(), cells[i].number, readers[i], buffer, piece.bytes);
                    } else {
                        encode_bound(readers[i], cells[i].data.data(), cells[i].indicator, piece.bytes);
                    }
                } catch (const Error& e) {
                    throw in_column(e, shared.spec, readers[i].name, row);
                }
            }
            ++piece.rows;
            if (piece.bytes.size() >= kChunkBytes) {
                if (!shared.exchange.put(shared.full, 1, std::move(piece), lane)) {
                    return;
                }
                piece = {};
            }
        }
        if (piece.rows > 0) {
            shared.exchange.put(shared.full, 1, std::move(piece), lane);
        }
    }

    static void read_long(SQLHSTMT statement, SQLUSMALLINT number, ColumnReader& reader, std::vector<char>& buffer,
                          std::string& out) {
        const SQLSMALLINT c_type = reader.binding.c_type;
        const std::size_t room = buffer.size() - (c_type == SQL_C_WCHAR ? sizeof(SQLWCHAR) : 0);  // a terminator's
        bool begun = false;
        for (;;) {
            SQLLEN indicator = 0;
            const SQLRETURN code =
                SQLGetData(statement, number, c_type, buffer.data(), static_cast<SQLLEN>(buffer.size()), &indicator);
            if (code == SQL_NO_DATA) {
                break;
            }
            check(code, SQL_HANDLE_STMT, statement, "reading a value of the source");
            if (indicator == SQL_NULL_DATA) {
                out.append(kNullField);
                return;
            }
            if (!begun) {
                reader.long_encoder->begin(out);
                begun = true;
            }
            const bool cut = indicator == SQL_NO_TOTAL || static_cast<std::size_t>(indicator) > room;
            reader.long_encoder->piece(buffer.data(), cut ? room : static_cast<std::size_t>(indicator), out);
            if (code == SQL_SUCCESS) {
                break;
            }
        }
        if (!begun) {
            reader.long_encoder->begin(out);  // an empty value may come as no data at all
        }
        reader.long_encoder->finish(out);
    }

    std::shared_ptr<Shared> shared_;
    Piece piece_;
    std::size_t at_ = 0;
};

}  // namespace

std::unique_ptr<CopyStream> make_copy_stream(std::shared_ptr<Lane> lane, Waiter& waiter, const Abilities& abilities,
                                             const TableSpec& spec, const std::string& sql) {
    bool has_long = false;
    for (const ColumnSpec& column : spec.columns) {
        has_long = has_long || binding_of(parse_sql_type(column.source_type), abilities.raw_unicode).is_long();
    }
    if (has_long) {
        auto stream = std::make_unique<LongStream>(std::move(lane), waiter, abilities, spec, sql);
        stream->start();
        return stream;
    }
    auto stream = std::make_unique<BlockStream>(std::move(lane), waiter, abilities, spec, sql);
    stream->start();
    return stream;
}

}  // namespace lakemover::source::odbc
