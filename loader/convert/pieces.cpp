#include "loader/convert/pieces.hpp"

#include <array>
#include <optional>
#include <string_view>

namespace lakemover::loader {

namespace {

constexpr std::string_view kCreate = "CREATE OR REPLACE ";

struct Part {
    std::string head;  // FUNCTION, PROCEDURE, VIEW, TRIGGER; empty: only comments so far
    std::string name;  // what follows it on its line
    std::string sql;
};

// The converter begins each statement at the start of a line, and quotes each body with a tag of its own. Comments
// belong to what follows them, at the end to what precedes.
std::vector<Part> parts_of(std::string_view sql) {
    std::vector<Part> parts(1);
    std::optional<std::string> body;  // the tag that ends it
    while (!sql.empty()) {
        const std::size_t end = sql.find('\n');
        const std::string_view line = sql.substr(0, end);
        sql.remove_prefix(end == std::string_view::npos ? sql.size() : end + 1);
        std::string text(line);
        if (body) {
            if (line.find(*body) != std::string_view::npos) body.reset();
        } else if (line.rfind(kCreate, 0) == 0) {
            if (!parts.back().head.empty()) parts.emplace_back();
            const std::string_view rest = line.substr(kCreate.size());
            const std::size_t blank = rest.find(' ');
            parts.back().head = rest.substr(0, blank);
            parts.back().name = blank == std::string_view::npos ? "" : rest.substr(blank + 1);
            text = "CREATE " + std::string(rest);
        } else if (line.rfind("AS $", 0) == 0) {
            body = std::string(line.substr(3));
        }
        parts.back().sql += text + "\n";
    }
    return parts;
}

}  // namespace

std::vector<Piece> pieces_of(const ConvertedObject& object, bool disabled) {
    std::vector<Piece> pieces;
    const std::string relation = object.details.value("relation", "");
    std::size_t function = 0;
    for (const Part& part : parts_of(object.sql)) {
        if (part.head == "VIEW") {
            pieces.push_back({"view", object.name, part.sql});
        } else if (part.head == "FUNCTION" || part.head == "PROCEDURE") {
            if (function >= object.signatures.size()) return {};
            const char* kind = object.kind == "trigger"   ? "trigger function"
                               : part.head == "PROCEDURE" ? "procedure"
                                                          : "function";
            pieces.push_back({kind, object.signatures[function++], part.sql});
        } else if (part.head == "TRIGGER") {
            const std::string place = part.name + " ON " + relation;
            pieces.push_back({"trigger", place, part.sql});
            if (disabled)
                pieces.push_back({"trigger state", place, "ALTER TABLE " + relation + " DISABLE TRIGGER " + part.name});
        } else {
            return {};
        }
    }
    if (object.kind != "trigger" && pieces.size() != 1) return {};
    return pieces;
}

}  // namespace lakemover::loader
