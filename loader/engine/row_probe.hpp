// Puts rows into a table of the target one COPY after the other, leaving out those that the target refuses for their
// data. Throws Error for what is no matter of a row.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "loader/util/pq.hpp"
#include "loader/validate/table_spec.hpp"

namespace lakemover::loader {

// Whether the target refused rows of a batch for what is in them: classes 22 and 23, raised by the COPY itself.
bool refuses_rows(const Error& error);

// Why one row was refused.
struct Refusal {
    std::string sqlstate;
    std::string reason;  // the server's message
    std::string column;  // on the target; empty: not known
};

Refusal refusal_of(const Error& error, const TableSpec& spec);

// The number of the row, from 1, at which the server says that COPY stopped; nothing when it does not say.
std::optional<std::size_t> refused_line(const Error& error, const TableSpec& spec);

// Sends whole rows to COPY and returns the target's count. Errors of the target are marked as being of the rows.
std::int64_t copy_rows(Pg& target, const std::string& copy_in, codec::Format format,
                       const std::vector<std::string_view>& rows);

class RowProbe {
public:
    using Refused = std::function<void(std::size_t row, const Refusal& why)>;

    RowProbe(Pg& target, const TableSpec& spec, std::string copy_in)
        : target_(target), spec_(spec), copy_in_(std::move(copy_in)) {}

    // Inside an open transaction, which holds the rows that were taken afterwards. Each row that is refused is passed
    // on, in order; the server refused it in a COPY of its own.
    void load(const std::vector<std::string_view>& rows, const Refused& refused);

private:
    std::optional<Error> attempt(const std::vector<std::string_view>& rows);

    Pg& target_;
    const TableSpec& spec_;
    std::string copy_in_;
};

}  // namespace lakemover::loader
