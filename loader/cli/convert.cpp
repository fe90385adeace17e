// lakemover convert: T-SQL files through staging's lakemover.convert_routine(). Throws Error.
#include <fmt/format.h>

#include <fstream>
#include <iterator>

#include <nlohmann/json.hpp>

#include "loader/cli/commands.hpp"
#include "loader/staging/staging.hpp"

namespace lakemover::loader {

Exit command_convert(const Settings& settings, const std::vector<std::string>& files) {
    std::vector<std::string> texts;
    for (const std::string& file : files) {  // before staging is started for nothing
        std::ifstream in(file, std::ios::binary);
        std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
        if (!in.good() && !in.eof()) throw Error(Exit::kUsage, "cannot read \"" + file + "\"");
        if (text.find('\0') != std::string::npos) {
            throw Error(Exit::kUsage, "\"" + file + "\" is not UTF-8 text", {},
                        "convert it first, for example with iconv -f UTF-16 -t UTF-8");
        }
        texts.push_back(std::move(text));
    }
    const Staging staging = Staging::open(settings);
    Pg pg = staging.connect();
    int manual = 0;
    int count = 0;
    for (std::size_t i = 0; i < files.size(); ++i) {
        const Result r =
            pg.query("SELECT name, kind, sql, class, score, notes FROM lakemover.convert_routine($1)", {texts[i]});
        for (int row = 0; row < r.rows(); ++row) {
            ++count;
            if (r.get(row, 3) == "manual") ++manual;
            if (settings.json) {
                nlohmann::json document{{"file", files[i]},
                                        {"kind", r.text(row, 1)},
                                        {"sql", r.text(row, 2)},
                                        {"class", r.text(row, 3)},
                                        {"score", nlohmann::json::parse(r.text(row, 4))},
                                        {"notes", nlohmann::json::parse(r.text(row, 5))}};
                document["name"] = r.is_null(row, 0) ? nlohmann::json() : nlohmann::json(r.text(row, 0));
                fmt::print("{}\n", document.dump());
            } else {
                fmt::print("-- {}: {}{}{}: {}, score {}\n{}\n", files[i], r.text(row, 1), r.is_null(row, 0) ? "" : " ",
                           r.text(row, 0), r.text(row, 3), r.text(row, 4), r.text(row, 2));
            }
        }
    }
    if (!settings.json) fmt::print("-- {} objects, {} of them manual\n", count, manual);
    return Exit::kSuccess;
}

}  // namespace lakemover::loader
