// COPY TO STDOUT as a stream of payload. Pure zone. Fails closed: the end is libpq's -1 and the
// server's COMMAND_OK and a command tag that counts as many rows as were passed on; anything else throws.
#include <array>
#include <chrono>
#include <cstring>

#include "source/postgres/connection.hpp"

namespace lakemover::source::postgres {

namespace {

constexpr std::array<char, 11> kSignature = {'P', 'G', 'C', 'O', 'P', 'Y', '\n', '\377', '\r', '\n', '\0'};
constexpr std::size_t kFixedHeader = kSignature.size() + 8;

std::uint32_t big_endian(const char* bytes) {
    std::uint32_t value = 0;
    for (int i = 0; i < 4; ++i) {
        value = (value << 8U) | static_cast<unsigned char>(bytes[i]);
    }
    return value;
}

class LibpqCopy final : public CopyStream {
public:
    LibpqCopy(LibpqConnection& connection, CopyFormat format)
        : connection_(connection), binary_(format == CopyFormat::kBinary), header_due_(binary_) {}
    LibpqCopy(const LibpqCopy&) = delete;
    LibpqCopy& operator=(const LibpqCopy&) = delete;
    ~LibpqCopy() override {
        // Given up before its end: the rest cannot be skipped in bounded time.
        if (!finished_) {
            connection_.abandon();
        }
    }

    bool read(std::string& out, std::size_t want) override {
        if (finished_) {
            return false;
        }
        std::size_t left = want;
        while (left > 0) {
            if (at_ == length_ && !next_row()) {
                finish();
                return left < want;
            }
            const std::size_t part = std::min(left, length_ - at_);
            out.append(row_.get() + at_, part);
            at_ += part;
            left -= part;
        }
        return true;
    }

    std::int64_t rows() const override { return rows_; }
    std::int64_t wait_micros() const override { return waited_.count(); }

private:
    using Clock = std::chrono::steady_clock;

    [[noreturn]] void broken(const char* what) {
        connection_.abandon();
        throw Error(ErrorKind::kTransient, "08P01", "the source's COPY data is broken", what);
    }

    // Fetches the next row into row_; false at the end of the data.
    bool next_row() {
        row_.reset();
        for (;;) {
            char* buffer = nullptr;
            const int got = PQgetCopyData(connection_.native(), &buffer, 1);
            row_.reset(buffer);
            if (got == 0) {
                await_data();
                continue;
            }
            if (got == -1) {
                return false;
            }
            if (got < 0) {
                const Error error = lost_error(connection_.native());
                connection_.abandon();
                throw error;
            }
            length_ = static_cast<std::size_t>(got);
            at_ = 0;
            tried_ = false;
            if (!binary_) {
                ++rows_;
                return true;
            }
            if (header_due_) {
                skip_header();
            }
            if (length_ - at_ == 2 && std::memcmp(row_.get() + at_, "\377\377", 2) == 0) {
                trailer_seen_ = true;
                at_ = length_;
                continue;
            }
            if (trailer_seen_) {
                broken("rows after the end marker");
            }
            if (length_ > at_) {
                ++rows_;
                return true;
            }
        }
    }

    // Takes what the socket has; waits only when that is nothing, since a wait costs several system calls.
    void await_data() {
        try {
            PGconn* conn = connection_.native();
            if (tried_) {
                const auto start = Clock::now();
                connection_.waiter().wait(PQsocket(conn), true, false, -1);
                waited_ += std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - start);
            }
            tried_ = !tried_;
            if (PQconsumeInput(conn) == 0) {
                throw lost_error(conn);
            }
        } catch (...) {
            connection_.abandon();
            throw;
        }
    }

    void skip_header() {
        header_due_ = false;
        if (length_ < kFixedHeader || std::memcmp(row_.get(), kSignature.data(), kSignature.size()) != 0) {
            broken("the binary signature is missing");
        }
        if ((big_endian(row_.get() + kSignature.size()) & 0xFFFF0000U) != 0) {
            broken("unknown critical flags in the binary header");
        }
        const std::size_t extension = big_endian(row_.get() + kSignature.size() + 4);
        if (length_ < kFixedHeader + extension) {
            broken("the binary header is cut off");
        }
        at_ = kFixedHeader + extension;
    }

    void finish() {
        if (binary_ && !trailer_seen_) {
            // Either the server says why below, or the data was cut off.
            check_result();
            broken("the end marker is missing");
        }
        check_result();
        connection_.expect_end();
        finished_ = true;
    }

    void check_result() {
        const ResultPtr result = connection_.next_result();
        if (!result || PQresultStatus(result.get()) != PGRES_COMMAND_OK) {
            const Error error = result
                                    ? result_error(result.get())
                                    : Error(ErrorKind::kTransient, "08P01", "the source ended COPY without a result");
            connection_.abandon();
            throw error;
        }
        const std::string tag = PQcmdTuples(const_cast<PGresult*>(result.get()));
        if (tag != std::to_string(rows_)) {
            connection_.abandon();
            throw Error(ErrorKind::kTransient, "08P01", "the source's COPY lost rows",
                        "its command tag counts " + tag + " rows, " + std::to_string(rows_) + " arrived");
        }
    }

    LibpqConnection& connection_;
    const bool binary_;
    bool header_due_;
    bool trailer_seen_ = false;
    bool finished_ = false;
    bool tried_ = false;
    BufferPtr row_;
    std::size_t length_ = 0;
    std::size_t at_ = 0;
    std::int64_t rows_ = 0;
    std::chrono::microseconds waited_{0};
};

}  // namespace

std::unique_ptr<CopyStream> make_copy_stream(LibpqConnection& connection, CopyFormat format) {
    return std::make_unique<LibpqCopy>(connection, format);
}

}  // namespace lakemover::source::postgres
