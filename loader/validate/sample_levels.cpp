// Level 3, the hashes of sampled rows, or of all, computed by each engine, and level 4, the field diff of the first rows.
// The SQL of both sides comes from staging. Throws Error.
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "loader/validate/table_context.hpp"
#include "loader/validate/value_form.hpp"

namespace lakemover::loader {

namespace {

using nlohmann::json;

const char* hash_name(const TableSpec& spec) { return spec.hash == "sha256" ? "SHA-256" : "MD5"; }

std::string hash_hex(const TableSpec& spec, const std::string& bytes) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
    unsigned int size = 0;
    const EVP_MD* hash = spec.hash == "sha256" ? EVP_sha256() : EVP_md5();
    if (EVP_Digest(bytes.data(), bytes.size(), out.data(), &size, hash, nullptr) != 1) {
        throw Error(Exit::kOther, std::string(hash_name(spec)) + " is not available in this build of OpenSSL");
    }
    return to_hex({reinterpret_cast<const char*>(out.data()), size});
}

struct Sampled {
    std::vector<std::pair<std::string, std::string>> rows;  // key as JSON text ("" without a key) and hash
    // Over the row hashes in byte order: neither side sorts by a collation.
    std::string checksum(const TableSpec& spec) const {
        std::vector<std::string> sorted;
        for (const auto& [key, hash] : rows) sorted.push_back(hash);
        std::sort(sorted.begin(), sorted.end());
        std::string all;
        for (const std::string& hash : sorted) all += hash;
        return hash_hex(spec, all);
    }
};

// The two engines need not format JSON alike.
std::string key_text(const Result& r, int row, int column) {
    return r.is_null(row, column) ? std::string{} : json::parse(r.get(row, column)).dump();
}

Sampled sampled(const Result& r) {
    Sampled s;
    for (int i = 0; i < r.rows(); ++i) s.rows.emplace_back(key_text(r, i, 0), r.text(i, 1));
    return s;
}

// The keys that a source's result holds, as the target's queries take them.
std::string key_list(const std::vector<std::string>& keys) {
    json list = json::array();
    for (const std::string& key : keys) list.push_back(json::parse(key));
    return list.dump();
}

Difference row_difference(const std::string& key, Value source, Value target, const std::string& cause) {
    Difference d;
    d.row_key = key;
    d.source = std::move(source);
    d.target = std::move(target);
    d.cause = cause;
    return d;
}

std::vector<Shown> shown_array(const Result& r, int row, int column) {
    std::vector<Shown> values;
    for (const json& value : json::parse(r.get(row, column))) {
        values.push_back(value.is_null() ? Shown{} : Shown{value.get<std::string>()});
    }
    return values;
}

struct FieldRows {
    std::vector<SideRow> rows;
    std::vector<std::string> keys;
};

// Columns: key, fields, hex, each an array as JSON.
FieldRows field_rows(const TableSpec& spec, const Result& r) {
    FieldRows out;
    for (int i = 0; i < r.rows(); ++i) {
        SideRow row{shown_array(r, i, 1), shown_array(r, i, 2), false};
        if (row.shown.size() != spec.columns.size() || row.hex.size() != spec.columns.size()) {
            throw Error(Exit::kOther, "staging: a row of " + std::to_string(row.shown.size()) +
                                          " fields where the plan has " + std::to_string(spec.columns.size()) +
                                          " columns");
        }
        out.rows.push_back(std::move(row));
        out.keys.push_back(key_text(r, i, 0));
    }
    return out;
}

constexpr const char* kAsJson =
    "SELECT pg_catalog.to_json(row_key)::text, pg_catalog.to_json(fields)::text, "
    "pg_catalog.to_json(hex)::text FROM ";

FieldRows kept_rows(const TableContext& table, int limit) {
    return field_rows(
        table.spec,
        table.staging.query(std::string(kAsJson) + "lakemover.run_sample WHERE run_id = $1 AND table_id = $2 AND level "
                                                   "= 4 AND row_no <= $3 ORDER BY row_no",
                            {table.run(), table.id, std::to_string(limit)}));
}

// As many as wanted where the source still shows the table's point in time.
FieldRows source_rows(const TableContext& table, int limit) {
    if (table.samples_only()) return kept_rows(table, limit);
    return field_rows(table.spec, table.staging.query(std::string(kAsJson) + "lakemover.source_rows($1, $2, $3)",
                                                      {table.run(), table.id, std::to_string(limit)}));
}

FieldRows target_rows(const TableContext& table, const std::vector<std::string>& keys, int limit) {
    const bool keyed = !table.spec.key.empty();
    const Value parameter = keyed ? key_list(keys) : std::to_string(limit);
    return field_rows(table.spec,
                      table.target.query(std::string(kAsJson) + "(" +
                                             table.target_sql(keyed ? "rows_by_key" : "rows_keyless") + ") AS q",
                                         {parameter}));
}

// A key's texts as far as two ways of writing the same value differ: ours, and each engine's.
std::string plain_key(const TableSpec& spec, const std::string& key) {
    if (key.empty()) return key;
    json values = json::parse(key);
    for (std::size_t i = 0; i < spec.key.size() && i < values.size(); ++i) {
        if (!values[i].is_string()) continue;
        auto text = values[i].get<std::string>();
        switch (spec.columns[spec.key[i]].form.kind) {
            case codec::Kind::kBool: text = text.substr(0, 1); break;
            case codec::Kind::kBpchar: text.erase(text.find_last_not_of(' ') + 1); break;
            case codec::Kind::kNumeric:
            case codec::Kind::kNumericValue:
            case codec::Kind::kTime:
            case codec::Kind::kTimestamp:
            case codec::Kind::kTimestamptz: {
                const std::size_t point = text.find('.');
                if (point == std::string::npos) break;
                const std::size_t end = std::min(text.find_first_not_of("0123456789", point + 1), text.size());
                std::size_t last = end;
                while (text[last - 1] == '0') --last;
                if (last - 1 == point) --last;
                text.erase(last, end - last);
                break;
            }
            default: break;
        }
        values[i] = text;
    }
    return values.dump();
}

// The rows that were set aside, as far as a sample meets them. Without a key any missing row may be one of them, up to
// their number: what level 2 says is exact.
class Declared {
public:
    explicit Declared(const TableContext& table)
        : spec_(table.spec), keyed_(!table.spec.key.empty()), left_(table.rejects.size()) {
        for (const DeclaredReject& reject : table.rejects) keys_.insert(plain_key(spec_, reject.key));
    }
    // Whether a row that the target does not have need not be there.
    bool missing(const std::string& key) {
        if (left_ == 0) return false;
        if (keyed_) {
            const auto found = keys_.find(plain_key(spec_, key));
            if (found == keys_.end()) return false;
            keys_.erase(found);
        }
        --left_;
        ++met_;
        return true;
    }
    bool any() const { return left_ + met_ > 0; }
    std::size_t met() const { return met_; }

private:
    const TableSpec& spec_;
    bool keyed_;
    std::size_t left_;
    std::size_t met_ = 0;
    std::multiset<std::string> keys_;
};

// Of a table without a key both sides give a list in MD5 order, cut at the same length. Rows in both are equal. A
// changed row has another MD5 and shifts what follows, so of full lists the rows behind the last common one may only
// have been pushed out of the other: they are left out as long as something else explains the difference.
// A reject shifts as well, and need not be seen.
void drop_common(std::vector<SideRow>& a, std::vector<SideRow>& b, std::size_t limit, bool rejects) {
    const bool full = a.size() == limit && b.size() == limit;
    std::multiset<std::vector<Shown>> in_a;
    std::multiset<std::vector<Shown>> in_b;
    for (const SideRow& row : a) in_a.insert(row.hex);
    for (const SideRow& row : b) in_b.insert(row.hex);
    const auto keep_unmatched = [](std::vector<SideRow>& rows, std::multiset<std::vector<Shown>>& others) {
        std::vector<SideRow> unmatched;
        std::size_t before_last_common = 0;
        for (SideRow& row : rows) {
            const auto found = others.find(row.hex);
            if (found == others.end()) {
                unmatched.push_back(std::move(row));
            } else {
                others.erase(found);
                before_last_common = unmatched.size();
            }
        }
        rows = std::move(unmatched);
        return before_last_common;
    };
    const std::size_t certain_a = keep_unmatched(a, in_b);
    const std::size_t certain_b = keep_unmatched(b, in_a);
    if (full && (rejects || certain_a + certain_b > 0)) {
        a.resize(certain_a);
        b.resize(certain_b);
    }
}

std::vector<Difference> diff_fields(const TableContext& table, FieldRows source, FieldRows target, int limit) {
    Declared declared(table);
    if (table.spec.key.empty()) {
        drop_common(source.rows, target.rows, static_cast<std::size_t>(limit), declared.any());
        while (target.rows.empty() && !source.rows.empty() && declared.missing({})) source.rows.pop_back();
    } else if (declared.any()) {
        const std::set<std::string> there(target.keys.begin(), target.keys.end());
        std::vector<SideRow> expected;
        for (std::size_t i = 0; i < source.rows.size(); ++i)
            if (there.count(source.keys[i]) != 0 || !declared.missing(source.keys[i]))
                expected.push_back(std::move(source.rows[i]));
        source.rows = std::move(expected);
    }
    return diff_rows(table.spec, source.rows, target.rows);
}

// Fields behind differing checksums. The source gives rows in key order from the first on, so this reaches them only
// where the table is not larger than the sample; level 2 names them else, where what is stored is not what was read.
std::vector<Difference> fields_behind(const TableContext& table, const std::set<std::string>& differing) {
    FieldRows source = source_rows(table, table.options.sample_rows);
    FieldRows chosen;
    for (std::size_t i = 0; i < source.rows.size(); ++i) {
        if (table.spec.key.empty() || differing.count(source.keys[i]) != 0) {
            chosen.rows.push_back(std::move(source.rows[i]));
            chosen.keys.push_back(source.keys[i]);
        }
    }
    FieldRows target = target_rows(table, chosen.keys, table.options.sample_rows);
    return diff_fields(table, std::move(chosen), std::move(target), table.options.sample_rows);
}

}  // namespace

namespace {

// The checksums of all rows, each made by the engine that has them; false when they differ. What a sample says is in
// the result already.
bool compare_whole(const TableContext& table, LevelResult& result) {
    if (!table.rejects.empty()) {
        result.detail["checksum_of_all_rows"] = "not comparable: rows were set aside";
        return true;
    }
    const Value source = table.staging.scalar(
        "SELECT source_checksum FROM lakemover.run_table WHERE run_id = $1 AND table_id = $2", {table.run(), table.id});
    if (!source) throw Error(Exit::kOther, "the source's checksum of all rows was not taken");
    const std::string target = table.target.scalar(table.target_sql("checksum")).value_or("");
    result.rows_covered = source->substr(0, source->find(':'));
    result.source_value = *source;
    result.target_value = target;
    result.detail["whole_table"] = true;
    result.detail["sums"] = "rows, and the sums of the 64-bit pieces of each row's hash";
    if (target == *source) return true;
    if (result.differences.empty())
        result.detail["reason"] =
            "the checksums of all rows differ, but none of the sample's rows does; level 2 names the rows where what "
            "is "
            "stored is not what was read";
    return false;
}

}  // namespace

LevelResult compare_sample(const TableContext& table) {
    LevelResult result;
    const std::string limit = std::to_string(table.options.sample_rows);
    const bool keyed = !table.spec.key.empty();
    // Kept as the table ended. Without a key the sample is all rows with the prefix, which may be more than the limit.
    const Sampled source = sampled(table.staging.query(
        "SELECT pg_catalog.to_json(row_key)::text, row_hash FROM lakemover.run_sample WHERE run_id = $1 AND table_id = "
        "$2 AND level = 3 AND ($4::boolean OR row_no <= $3) ORDER BY row_no",
        {table.run(), table.id, limit, keyed ? "f" : "t"}));
    std::vector<std::string> keys;
    for (const auto& [key, hash] : source.rows) keys.push_back(key);
    const Value parameter = keyed ? key_list(keys) : limit;
    const Sampled target =
        sampled(table.target.query("SELECT pg_catalog.to_json(row_key)::text, row_hash FROM (" +
                                       table.target_sql(keyed ? "sample_by_key" : "sample_keyless") + ") AS q",
                                   {parameter}));
    result.rows_covered = std::to_string(source.rows.size());
    result.target_value = target.checksum(table.spec);
    result.detail["hash"] = table.spec.hash;
    result.detail["picked_by"] = keyed ? "key" : std::string("prefix of the row's ") + hash_name(table.spec);
    result.detail["whole_table"] = table.source_rows && *table.source_rows == *result.rows_covered;
    if (const auto policy = table.policy(); !policy.empty()) result.detail["policy"] = policy;

    std::multimap<std::string, std::string> on_target;
    for (const auto& [key, hash] : target.rows) on_target.emplace(keyed ? key : hash, hash);
    std::set<std::string> differing;
    std::size_t missing = 0;
    Declared declared(table);
    Sampled expected;
    for (const auto& [key, hash] : source.rows) {
        const auto found = on_target.find(keyed ? key : hash);
        if (found == on_target.end() && declared.missing(key)) continue;
        expected.rows.emplace_back(key, hash);
        if (found == on_target.end()) {
            ++missing;
            differing.insert(key);
            result.differences.push_back(row_difference(key, hash, std::nullopt, "the row is missing on the target"));
            continue;
        }
        if (found->second != hash) {
            differing.insert(key);
            result.differences.push_back(row_difference(
                key, hash, found->second, std::string("the ") + hash_name(table.spec) + " of the row differs"));
        }
        on_target.erase(found);
    }
    for (const auto& [key, hash] : on_target) {
        result.differences.push_back(
            row_difference(keyed ? key : "", std::nullopt, hash, "the row is not in the source"));
    }
    result.source_value = expected.checksum(table.spec);
    if (declared.any()) result.detail["rejected_in_sample"] = declared.met();
    const bool whole_differs = table.spec.checksum_full && !compare_whole(table, result);
    if (result.differences.empty()) {
        result.verdict = whole_differs ? "different" : table.equal();
        return result;
    }
    result.verdict = "different";
    result.detail["rows_differing"] = result.differences.size();
    result.detail["rows_missing"] = missing;
    // Words about fields say more than two MD5s.
    std::vector<Difference> fields = fields_behind(table, differing);
    if (!fields.empty()) result.differences = std::move(fields);
    return result;
}

LevelResult compare_fields(const TableContext& table) {
    LevelResult result;
    FieldRows source = kept_rows(table, table.options.diff_rows);
    FieldRows target = target_rows(table, source.keys, table.options.diff_rows);
    result.rows_covered = std::to_string(source.rows.size());
    result.detail["fields"] = source.rows.size() * table.spec.columns.size();
    if (const auto policy = table.policy(); !policy.empty()) result.detail["policy"] = policy;
    result.differences = diff_fields(table, std::move(source), std::move(target), table.options.diff_rows);
    result.verdict = result.differences.empty() ? table.equal() : "different";
    return result;
}

}  // namespace lakemover::loader
