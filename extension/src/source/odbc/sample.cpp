// See sample.hpp.
#include "source/odbc/sample.hpp"

#include <algorithm>
#include <map>

#include "source/odbc/canonical.hpp"
#include "source/odbc/dialect.hpp"
#include "source/odbc/pg_array.hpp"

namespace lakemover::source::odbc {

namespace {

constexpr int kMaxPrefix = 12;  // zeros; hashes are hex: every further one keeps a sixteenth of the rows
constexpr std::int64_t kSlices = 100;

// How many zeros a hash starts with at least, so that about limit rows are left.
int prefix_length(std::int64_t total, std::int64_t limit) {
    if (total <= limit) {
        return 0;
    }
    for (int i = 1; i < kMaxPrefix; ++i) {
        if (static_cast<__int128>(total) <= static_cast<__int128>(limit) << (4 * i)) {
            return i;
        }
    }
    return kMaxPrefix;
}

std::string decimal(__int128 value) {
    const bool negative = value < 0;
    std::string digits;
    for (; value != 0 || digits.empty(); value /= 10) {
        const auto digit = static_cast<int>(value % 10);
        digits.insert(digits.begin(), static_cast<char>('0' + (negative ? -digit : digit)));
    }
    return (negative ? "-" : "") + digits;
}

bool starts_with_zeros(const std::string& hash, int zeros) {
    return hash.find_first_not_of('0') >= static_cast<std::size_t>(zeros);
}

}  // namespace

Sample::Sample(const TableSpec& spec, bool raw_unicode) : spec_(spec), raw_unicode_(raw_unicode) {
    for (const ColumnSpec& column : spec.columns) {
        Column c;
        c.type = parse_sql_type(column.source_type);
        c.codec = column.target_codec;
        c.policy = parse_policy(column.policy);
        const std::string value = column.select ? "(\n" + *column.select + "\n)" : "t." + quote_name(column.name);
        c.expression = canonical_expression(c.type, value, c.codec, raw_unicode);
        columns_.push_back(std::move(c));
    }
    for (const std::string& name : spec.key) {
        for (std::size_t i = 0; i < spec.columns.size(); ++i) {
            if (spec.columns[i].name == name) {
                key_.push_back(i);
            }
        }
    }
}

std::string Sample::select(const std::string& top, const std::string& tail) const {
    std::string list;
    for (const Column& column : columns_) {
        list += (list.empty() ? "" : ", ") + column.expression;
    }
    return "SELECT " + top + (list.empty() ? "1" : list) + " FROM " + source_table(spec_) + tail;
}

std::vector<TextValue> Sample::canonical(const TextRow& row) const {
    std::vector<TextValue> values;
    values.reserve(columns_.size());
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        values.push_back(
            canonical_value(columns_[i].type, columns_[i].codec, columns_[i].policy, raw_unicode_, row.at(i)));
    }
    return values;
}

// The key as text that the target casts to its column's type.
TextValue Sample::key_of(const std::vector<TextValue>& canonical) const {
    std::vector<TextValue> key;
    for (const std::size_t i : key_) {
        key.push_back(canonical[i] ? TextValue(key_text(columns_[i].codec, *canonical[i])) : std::nullopt);
    }
    return pg_text_array(key);
}

void Sample::pass_keyed(std::int64_t wanted, std::int64_t total, const RowSource& source, const RowSink& sink) const {
    std::vector<TextRow> batch;
    const auto use = [&](const TextRow& row) {
        const auto values = canonical(row);
        batch.push_back({key_of(values), csv_hash(values, spec_.hash)});
        if (batch.size() == 1000) {
            sink(batch);
            batch.clear();
        }
    };
    const std::string order = " ORDER BY " + key_list(spec_);
    if (total <= wanted) {
        source(select("", where_clause(spec_, {}) + order), use);
    } else {
        // Slices at even distances of the key's order, each of a few rows behind one another.
        const std::int64_t slices = std::clamp<std::int64_t>(wanted / 10, 1, kSlices);
        std::vector<std::vector<std::string>> starts;
        if (slices > 1) {
            source(key_quantiles(spec_, static_cast<int>(slices), raw_unicode_), [&starts](const TextRow& row) {
                std::vector<std::string> bound;
                for (const TextValue& value : row) {
                    bound.push_back(value.value_or(""));
                }
                starts.push_back(std::move(bound));
            });
        }
        const auto parts = static_cast<std::int64_t>(starts.size()) + 1;
        for (std::int64_t i = 0; i < parts; ++i) {
            ChunkRange range;
            range.method = ChunkMethod::kKeyset;
            if (i > 0) {
                range.lower = starts[static_cast<std::size_t>(i - 1)];
            }
            if (i + 1 < parts) {
                range.upper = starts[static_cast<std::size_t>(i)];
            }
            const std::int64_t limit = wanted * (i + 1) / parts - wanted * i / parts;
            source(select("TOP (" + std::to_string(limit) + ") ", where_clause(spec_, range) + order), use);
        }
    }
    if (!batch.empty()) {
        sink(batch);
    }
}

void Sample::pass_keyless(std::int64_t total, std::int64_t limit, const RowSource& source, const RowSink& sink) const {
    const int zeros = prefix_length(total, limit);
    std::vector<TextRow> kept;
    source(select("", where_clause(spec_, {})), [&](const TextRow& row) {
        std::string hash = csv_hash(canonical(row), spec_.hash);
        if (starts_with_zeros(hash, zeros)) {
            kept.push_back({std::nullopt, std::move(hash)});
        }
    });
    sink(kept);
}

std::string Sample::checksum(const RowSource& source) const {
    std::uint64_t rows = 0;
    std::vector<__int128> sums(spec_.hash == CsvHash::kSha256 ? 4 : 2);
    source(select("", where_clause(spec_, {})), [&](const TextRow& row) {
        const std::string hash = csv_hash(canonical(row), spec_.hash);
        ++rows;
        for (std::size_t lane = 0; lane < sums.size(); ++lane) {
            sums[lane] += static_cast<std::int64_t>(std::stoull(hash.substr(16 * lane, 16), nullptr, 16));
        }
    });
    std::string text = std::to_string(rows);
    for (const __int128 sum : sums) {
        text += ":" + decimal(sum);
    }
    return text;
}

void Sample::pass_fields(std::int64_t rows, const RowSource& source, const RowSink& sink) const {
    const auto fields = [&](const TextValue& key, const std::vector<TextValue>& values) {
        std::vector<TextValue> text;
        std::vector<TextValue> hex;
        for (std::size_t i = 0; i < values.size(); ++i) {
            text.push_back(values[i] ? TextValue(shown_text(columns_[i].codec, *values[i])) : std::nullopt);
            hex.push_back(values[i] ? TextValue(shown_hex(columns_[i].codec, *values[i])) : std::nullopt);
        }
        return TextRow{key, pg_text_array(text), pg_text_array(hex)};
    };
    if (spec_.key_is_copied()) {
        source(select("TOP (" + std::to_string(rows) + ") ", where_clause(spec_, {}) + " ORDER BY " + key_list(spec_)),
               [&](const TextRow& row) {
                   const auto values = canonical(row);
                   std::vector<TextRow> one{fields(key_of(values), values)};
                   sink(one);
               });
        return;
    }
    // In the order of the rows' hashes, which both sides share; the last of the first ones goes when a smaller comes.
    std::multimap<std::string, TextRow> first;
    source(select("", where_clause(spec_, {})), [&](const TextRow& row) {
        const auto values = canonical(row);
        std::string hash = csv_hash(values, spec_.hash);
        if (static_cast<std::int64_t>(first.size()) < rows || hash < first.rbegin()->first) {
            first.emplace(std::move(hash), fields(std::nullopt, values));
            if (static_cast<std::int64_t>(first.size()) > rows) {
                first.erase(std::prev(first.end()));
            }
        }
    });
    std::vector<TextRow> all;
    for (auto& [hash, row] : first) {
        all.push_back(std::move(row));
    }
    sink(all);
}

}  // namespace lakemover::source::odbc
