// Pairs the rows that only one side has and names the fields that differ. Pure.
#include "loader/validate/row_diff.hpp"

#include <map>
#include <optional>

namespace lakemover::loader {

namespace {

constexpr std::size_t kMostForSimilarity = 500;  // rows a side: pairing by similarity compares all with all

std::string key_of(const TableSpec& spec, const SideRow& row) {
    std::string key;
    for (const std::size_t column : spec.key) {
        key += row.hex[column].value_or("-") + ",";
    }
    return key;
}

std::string whole_row(const SideRow& row) {
    std::string text = "(";
    for (std::size_t i = 0; i < row.shown.size() && text.size() < kShownBytes; ++i) {
        text += (i > 0 ? ", " : "") + row.shown[i].value_or("NULL");
    }
    return cut_text(text + ")", kShownBytes);
}

std::size_t equal_fields(const SideRow& a, const SideRow& b) {
    std::size_t equal = 0;
    for (std::size_t i = 0; i < a.hex.size(); ++i) {
        equal += a.hex[i] == b.hex[i] ? 1 : 0;
    }
    return equal;
}

class Differ {
public:
    Differ(const TableSpec& spec, const std::vector<SideRow>& source, const std::vector<SideRow>& target)
        : spec_(spec), source_(source), target_(target), taken_(target.size(), false) {}

    std::vector<Difference> run() {
        std::vector<std::size_t> unmatched;
        std::multimap<std::string, std::size_t> by_key;
        for (std::size_t t = 0; t < target_.size(); ++t) {
            if (target_[t].repeated) {
                taken_[t] = true;
                whole(nullptr, &target_[t], "the row is there more often than in the source");
            } else if (!spec_.key.empty()) {
                by_key.emplace(key_of(spec_, target_[t]), t);
            }
        }
        for (const SideRow& row : source_) {
            if (row.repeated) {
                whole(&row, nullptr, "the row is there fewer times than in the source");
                continue;
            }
            const auto found = spec_.key.empty() ? by_key.end() : by_key.find(key_of(spec_, row));
            if (found == by_key.end()) {
                unmatched.push_back(static_cast<std::size_t>(&row - source_.data()));
                continue;
            }
            taken_[found->second] = true;
            fields(row, target_[found->second]);
            by_key.erase(found);
        }
        match_similar(unmatched);
        explain_swaps();
        return std::move(differences_);
    }

private:
    // A changed key, or no key at all: the row that has most fields in common, and at least half of them.
    void match_similar(const std::vector<std::size_t>& unmatched) {
        const bool few = unmatched.size() <= kMostForSimilarity && target_.size() <= kMostForSimilarity;
        for (const std::size_t s : unmatched) {
            std::optional<std::size_t> best;
            std::size_t most = 0;
            for (std::size_t t = 0; few && t < target_.size(); ++t) {
                const std::size_t equal = taken_[t] ? 0 : equal_fields(source_[s], target_[t]);
                if (equal > most && 2 * equal >= spec_.columns.size()) {
                    most = equal;
                    best = t;
                }
            }
            if (best) {
                taken_[*best] = true;
                fields(source_[s], target_[*best]);
            } else {
                whole(&source_[s], nullptr, "the row is missing on the target");
            }
        }
        for (std::size_t t = 0; t < target_.size(); ++t) {
            if (!taken_[t]) whole(nullptr, &target_[t], "the row is not in the source");
        }
    }

    void whole(const SideRow* source, const SideRow* target, const std::string& cause) {
        Difference d;
        d.row_key = describe_key(spec_, source != nullptr ? *source : *target);
        if (source != nullptr) d.source = whole_row(*source);
        if (target != nullptr) d.target = whole_row(*target);
        d.cause = cause;
        differences_.push_back(std::move(d));
    }

    void fields(const SideRow& source, const SideRow& target) {
        std::vector<std::size_t> differing;
        for (std::size_t i = 0; i < spec_.columns.size(); ++i) {
            if (source.hex[i] != target.hex[i]) differing.push_back(i);
        }
        for (const std::size_t i : differing) {
            Difference d;
            d.row_key = describe_key(spec_, source);
            d.column = spec_.columns[i].name;
            d.source = source.shown[i];
            d.target = target.shown[i];
            d.source_hex = source.hex[i];
            d.target_hex = target.hex[i];
            d.cause = cause_of(spec_.columns[i].form.kind, d.source, d.target);
            for (const std::size_t j : differing) {
                if (j != i && source.hex[i] == target.hex[j] && source.hex[j] == target.hex[i]) {
                    d.cause = "exchanged with column " + spec_.columns[j].name;
                }
            }
            differences_.push_back(std::move(d));
        }
    }

    // Two rows of which each has the other's value in one column.
    void explain_swaps() {
        if (differences_.size() > kMostForSimilarity) return;
        for (Difference& a : differences_) {
            for (const Difference& b : differences_) {
                if (&a != &b && !a.column.empty() && a.column == b.column && a.source_hex == b.target_hex &&
                    a.target_hex == b.source_hex && a.row_key != b.row_key) {
                    a.cause = "swapped with the value of row " + b.row_key;
                }
            }
        }
    }

    const TableSpec& spec_;
    const std::vector<SideRow>& source_;
    const std::vector<SideRow>& target_;
    std::vector<bool> taken_;
    std::vector<Difference> differences_;
};

}  // namespace

std::string cut_text(const std::string& text, std::size_t bytes) {
    if (text.size() <= bytes) return text;
    std::size_t end = bytes;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) --end;  // not within a character
    return text.substr(0, end) + "… (" + std::to_string(text.size()) + " bytes)";
}

std::string describe_key(const TableSpec& spec, const SideRow& row) {
    if (spec.key.empty()) return cut_text(whole_row(row), 200);
    std::string text;
    for (const std::size_t column : spec.key) {
        text += (text.empty() ? "" : ", ") + spec.columns[column].name + "=" + row.shown[column].value_or("NULL");
    }
    return cut_text(text, kShownBytes);
}

std::vector<Difference> diff_rows(const TableSpec& spec, const std::vector<SideRow>& source,
                                  const std::vector<SideRow>& target) {
    return Differ(spec, source, target).run();
}

}  // namespace lakemover::loader
