#include "loader/engine/forecast.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "loader/report/html.hpp"

namespace lakemover::loader {

using nlohmann::json;

namespace {

double number(const json& object, const char* key, double otherwise = 0) {
    return report::number_of(report::field(object, key)).value_or(otherwise);
}

bool given_up(const TableProgress& t) { return t.state == "failed" || t.state == "blocked"; }
bool is_loaded(const TableProgress& t) { return t.state == "loaded" || t.state == "done" || t.state == "incomplete"; }

// The whole of something, from the share of a table's chunks that is done: chunks of a table are alike.
double projected(const TableProgress& t, double done) { return done * t.chunks / t.chunks_done; }

// What the tables that have begun say about estimates of the others.
double estimate_ratio(const std::vector<TableProgress>& tables, double TableProgress::*estimate,
                      double TableProgress::*done) {
    double estimated = 0;
    double real = 0;
    for (const TableProgress& t : tables)
        if (t.copies_rows && t.chunks_done > 0 && t.*estimate > 0) {
            estimated += t.*estimate;
            real += projected(t, t.*done);
        }
    return estimated > 0 && real > 0 ? real / estimated : 1;
}

double planned(const TableProgress& t, double estimate, double done, double ratio) {
    if (!t.copies_rows) return 0;
    if (given_up(t) || is_loaded(t)) return done;
    if (t.chunks_done > 0) return projected(t, done);
    return estimate * ratio;
}

// A statement takes some time whatever its table's size.
constexpr double kLeastWeight = 65536;

class Forecaster {
public:
    Forecaster(const Figures& figures, int workers) : figures_(figures), workers_(std::max(1, workers)) {
        const double bytes = estimate_ratio(figures.tables, &TableProgress::est_bytes, &TableProgress::bytes);
        const double rows = estimate_ratio(figures.tables, &TableProgress::est_rows, &TableProgress::rows);
        for (const TableProgress& t : figures.tables) {
            const double size = planned(t, t.est_bytes, t.bytes, bytes);
            sizes_[t.table_id] = size;
            result_.bytes_planned += size;
            result_.bytes_done += t.bytes;
            result_.rows_planned += planned(t, t.est_rows, t.rows, rows);
            result_.rows_done += t.rows;
        }
        first_left_ = result_.bytes_planned - result_.bytes_done;
        for (const TableProgress& t : figures.tables) {
            if (t.second_chunks == 0 || given_up(t)) continue;
            // Whole rows, as the estimate has them.
            const double size =
                t.second_done > 0 ? t.second_bytes * t.second_chunks / t.second_done : t.est_bytes * bytes;
            second_planned_ += std::max(size, 1.0);
            second_left_ += std::max(0.0, size - t.second_bytes);
            result_.bytes_planned += size;
            result_.bytes_done += t.second_bytes;
        }
        result_.rows_planned = std::round(std::max(result_.rows_planned, result_.rows_done));
        result_.bytes_planned = std::round(std::max(result_.bytes_planned, result_.bytes_done));
        if (figures.seconds > 0) result_.bytes_per_s = figures.bytes / figures.seconds;
    }

    Forecast run(const std::string& phase) {
        const bool ended = phase == "ending" || phase == "ended";
        const bool finishing = phase == "finish" || phase == "validate";
        if (!ended && !finishing && phase != "second pass") add(load());
        if (!ended && !finishing && second_planned_ > 0) add(second_pass());
        if (!ended && phase != "validate") add(finish());
        if (!ended) add(validate());
        return std::move(result_);
    }

private:
    void add(PhaseForecast phase) {
        if (phase.seconds_left) result_.known_s += *phase.seconds_left;
        result_.phases.push_back(std::move(phase));
    }

    double shared(double seconds, std::size_t parts) const {
        return seconds / static_cast<double>(std::clamp<std::size_t>(parts, 1, static_cast<std::size_t>(workers_)));
    }

    PhaseForecast load() const {
        const double left = first_left_;
        PhaseForecast p{"load", 0, ""};
        if (left > 0 && result_.bytes_per_s <= 0) return {"load", std::nullopt, "nothing has been loaded yet"};
        if (left > 0) p.seconds_left = left / result_.bytes_per_s;
        p.basis = left > 0 ? "bytes left, by the bytes per second so far" : "everything is loaded";
        // Counts and samples, by those that were made.
        double counted = 0;
        double count_s = 0;
        double uncounted = 0;
        std::size_t tables = 0;
        for (const TableProgress& t : figures_.tables) {
            if (!t.copies_rows || given_up(t)) continue;
            const double size = sizes_.at(t.table_id) + kLeastWeight;
            if (t.count_s >= 0) {
                counted += size;
                count_s += t.count_s;
            } else {
                uncounted += size;
                ++tables;
            }
        }
        if (counted > 0 && tables > 0) p.seconds_left = *p.seconds_left + shared(uncounted / counted * count_s, tables);
        return p;
    }

    PhaseForecast second_pass() const {
        if (second_left_ > 0 && result_.bytes_per_s <= 0)
            return {"second pass", std::nullopt, "nothing has been loaded yet"};
        return {"second pass", second_left_ > 0 ? second_left_ / result_.bytes_per_s : 0,
                "sizes of the tables with columns of the second pass, by the bytes per second so far"};
    }

    double weight(std::int64_t table_id) const {
        const auto found = sizes_.find(table_id);
        return kLeastWeight + (found == sizes_.end() ? 0 : found->second);
    }

    PhaseForecast finish() const {
        struct Stage {
            double done = 0;
            double seconds = 0;
            double left = 0;
            std::size_t pending = 0;
        };
        std::map<std::string, Stage> stages;
        Stage all;
        for (const StatementProgress& s : figures_.statements) {
            Stage& stage = stages[s.stage];
            if (s.pending) {
                stage.left += weight(s.table_id);
                ++stage.pending;
                ++all.pending;
            } else {
                stage.done += weight(s.table_id);
                stage.seconds += s.seconds;
                all.done += weight(s.table_id);
                all.seconds += s.seconds;
            }
        }
        if (all.pending == 0) return {"finish", 0, "no statement is left"};
        if (all.done <= 0) return {"finish", std::nullopt, "no key or index has been made yet"};
        double seconds = 0;
        for (const auto& [name, stage] : stages) {
            if (stage.pending == 0) continue;
            const Stage& like = stage.done > 0 ? stage : all;
            seconds += shared(stage.left / like.done * like.seconds, stage.pending);
        }
        return {"finish", seconds, "sizes of the tables, by the keys, indexes and checks made so far"};
    }

    PhaseForecast validate() const {
        double done = 0;
        double seconds = 0;
        double left = 0;
        std::size_t tables = 0;
        for (const TableProgress& t : figures_.tables) {
            if (!t.copies_rows || given_up(t)) continue;
            if (t.validated) {
                done += weight(t.table_id);
                seconds += t.validate_s;
            } else {
                left += weight(t.table_id);
                ++tables;
            }
        }
        if (tables == 0) return {"validate", 0, "every table is validated"};
        if (done <= 0) return {"validate", std::nullopt, "no table has been validated yet"};
        return {"validate", shared(left / done * seconds, tables), "sizes of the tables, by those validated so far"};
    }

    const Figures& figures_;
    int workers_;
    std::map<std::int64_t, double> sizes_;
    double first_left_ = 0;  // bytes
    double second_left_ = 0;
    double second_planned_ = 0;
    Forecast result_;
};

std::string joined(const std::vector<std::string>& names) {
    std::string all;
    for (std::size_t i = 0; i < names.size(); ++i)
        all += (i == 0 ? "" : i + 1 == names.size() ? " and " : ", ") + names[i];
    return all;
}

}  // namespace

Figures parse_figures(const json& document) {
    Figures f;
    const json& measured = document.at("measured");
    f.bytes = number(measured, "bytes");
    f.seconds = number(measured, "seconds");
    for (const json& t : document.at("tables")) {
        TableProgress p;
        p.table_id = t.at("table_id").get<std::int64_t>();
        p.state = report::text_field(t, "state");
        p.copies_rows = report::bool_field(t, "copies_rows", false);
        p.est_bytes = number(t, "est_bytes");
        p.est_rows = number(t, "est_rows");
        p.chunks = number(t, "chunks");
        p.chunks_done = number(t, "chunks_done");
        p.rows = number(t, "rows");
        p.bytes = number(t, "bytes");
        p.count_s = number(t, "count_s", -1);
        if (const json& second = report::field(t, "second_pass"); second.is_object()) {
            p.second_chunks = number(second, "chunks");
            p.second_done = number(second, "chunks_done");
            p.second_bytes = number(second, "bytes");
        }
        p.validated = report::bool_field(t, "validated", false);
        p.validate_s = number(t, "validate_s");
        f.tables.push_back(std::move(p));
    }
    for (const json& s : document.at("statements"))
        f.statements.push_back({report::text_field(s, "stage"), static_cast<std::int64_t>(number(s, "table_id")),
                                report::text_field(s, "state") == "pending", number(s, "seconds")});
    return f;
}

Forecast make_forecast(const Figures& figures, const std::string& phase, int workers) {
    return Forecaster(figures, workers).run(phase);
}

std::optional<double> Forecast::seconds_left() const {
    for (const PhaseForecast& p : phases)
        if (!p.seconds_left) return std::nullopt;
    return known_s;
}

const PhaseForecast* Forecast::phase(const std::string& name) const {
    for (const PhaseForecast& p : phases)
        if (p.phase == name) return &p;
    return nullptr;
}

json Forecast::json() const {
    nlohmann::json list = nlohmann::json::array();
    for (const PhaseForecast& p : phases) {
        nlohmann::json one{{"phase", p.phase}, {"seconds_left", nullptr}, {"basis", p.basis}};
        if (p.seconds_left) one["seconds_left"] = std::round(*p.seconds_left * 10) / 10;
        list.push_back(std::move(one));
    }
    nlohmann::json document{
        {"seconds_left", nullptr}, {"at_least_s", std::round(known_s * 10) / 10}, {"phases", std::move(list)}};
    if (const auto left = seconds_left()) document["seconds_left"] = std::round(*left * 10) / 10;
    return document;
}

std::string Forecast::text() const {
    std::string known;
    std::vector<std::string> unknown;
    for (const PhaseForecast& p : phases) {
        if (!p.seconds_left)
            unknown.push_back(p.phase);
        else if (phases.size() > 1)
            known += (known.empty() ? "" : ", ") + p.phase + " " + report::format_seconds(*p.seconds_left);
    }
    if (unknown.size() == phases.size()) return phases.empty() ? "" : "time left: not measured yet";
    std::string all = (unknown.empty() ? "" : "at least ") + report::format_seconds(known_s) + " left";
    if (!known.empty()) all += " (" + known + ")";
    if (!unknown.empty()) all += ", " + joined(unknown) + " not measured yet";
    return all;
}

}  // namespace lakemover::loader
