#include "loader/engine/rehearsal.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <map>

#include "loader/engine/window.hpp"
#include "loader/report/html.hpp"

namespace lakemover::loader {

using nlohmann::json;
using report::format_bytes;
using report::format_seconds;

namespace {

constexpr double kEnoughS = 10;  // of loading: below, what is the same for any size weighs too much

double number(const json& object, const char* key) {
    const json value = object.value(key, json());
    return value.is_number() ? value.get<double>() : 0;
}

}  // namespace

double parse_share(const std::string& text) {
    char* end = nullptr;
    const double percent = std::strtod(text.c_str(), &end);
    const std::string rest = end ? end : "";
    if (text.empty() || end == text.c_str() || (!rest.empty() && rest != "%") || !(percent > 0) || percent > 100)
        throw Error(Exit::kUsage, "invalid value for --rehearse: \"" + text + "\"", {},
                    "give a share of each table, more than 0% and at most 100%, such as 5%");
    return percent / 100;
}

std::optional<RehearsalForecast> forecast_whole(const json& figures) {
    RehearsalForecast f;
    f.rows = number(figures, "rows");
    f.whole_rows = number(figures, "whole_rows");
    f.bytes = number(figures, "bytes");
    f.whole_bytes = number(figures, "whole_bytes");
    const json phases = figures.value("phases", json::object());
    if (f.bytes <= 0 || f.whole_bytes < f.bytes || !phases.contains("load")) return std::nullopt;
    const double factor = f.whole_bytes / f.bytes;
    // Sorting n rows takes n log n.
    const double sorting = std::log2(f.whole_rows + 2) / std::log2(f.rows + 2);
    for (const auto& [phase, seconds] : phases.items()) {
        const double s = seconds.get<double>();
        if (phase == "load" || phase == "second pass")
            f.load_s += s * factor;
        else if (phase == "finish")
            f.finish_s = s * factor * sorting;
        else if (phase == "validate")
            f.validate_s = s * factor;
        else
            f.fixed_s += s;
    }
    const double load_s = number(phases, "load") + number(phases, "second pass");
    f.basis = fmt::format(
        "{:.1f} % of the whole, {} of about {}, loaded in {} by {} workers, keys and indexes in {}, validated in {}; "
        "time taken to grow with bytes, of keys and indexes a little more",
        100 / factor, format_bytes(f.bytes), format_bytes(f.whole_bytes), format_seconds(load_s),
        static_cast<int>(number(figures, "workers")), format_seconds(number(phases, "finish")),
        format_seconds(number(phases, "validate")));
    const auto keys = static_cast<std::int64_t>(number(figures, "foreign_keys"));
    if (keys > 0) f.basis += "; not in it: " + report::plural(keys, "foreign key", "foreign keys");
    if (load_s < kEnoughS && factor > 1)
        f.basis += "; so short a load makes it an upper bound: rehearse a larger share";
    return f;
}

std::string RehearsalForecast::text() const {
    return fmt::format("about {} for the whole (load {}, finish {}, validate {}, the rest {})",
                       format_seconds(seconds()), format_seconds(load_s), format_seconds(finish_s),
                       format_seconds(validate_s), format_seconds(fixed_s));
}

json RehearsalForecast::json() const {
    return {{"seconds", seconds()},
            {"load_s", load_s},
            {"finish_s", finish_s},
            {"validate_s", validate_s},
            {"fixed_s", fixed_s},
            {"rows", rows},
            {"whole_rows", std::llround(whole_rows)},
            {"bytes", bytes},
            {"whole_bytes", std::llround(whole_bytes)},
            {"text", text()},
            {"basis", basis}};
}

std::string no_go(Exit code, const std::string& verdict, const std::string& error,
                  const std::optional<RehearsalForecast>& forecast, std::optional<std::time_t> deadline,
                  std::time_t now) {
    if (code != Exit::kSuccess) return verdict + (error.empty() ? "" : ": " + error);
    if (!forecast) return {};  // nothing but empty tables
    if (deadline && static_cast<double>(now) + forecast->seconds() > static_cast<double>(*deadline))
        return "the deadline " + local_time_text(*deadline) + " would be missed: begun now, it takes " +
               forecast->text();
    return {};
}

}  // namespace lakemover::loader
