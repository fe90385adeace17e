// What both reports share: escaping, number formats, small SVG drawings, the page around a body.
// Pure: no files, no network; the templates are compiled in.
#pragma once
#include <kainjow/mustache.hpp>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace lakemover::loader::report {

using Node = kainjow::mustache::data;
using nlohmann::json;

// HTML-escapes and makes visible what would hide or reorder text: control characters, bidirectional overrides,
// zero-width characters, bytes that are not UTF-8. Line breaks and tabs pass.
std::string escape(std::string_view text);

// As a name on one line: line breaks and tabs become visible too. Not escaped yet.
std::string one_line(std::string_view text, std::size_t limit = 200);
// Cut at a character's border, with an ellipsis.
std::string shorten(std::string_view text, std::size_t limit);

std::string format_count(std::int64_t value);   // 1,234,567
std::string format_bytes(double bytes);         // 12 MB, units of 1024 like pg_size_pretty
std::string format_seconds(double seconds);     // 0.4 s, 12 s, 3 min 20 s, 2 h 5 min
std::string format_time(std::string_view iso);  // 2026-11-23 03:12:00 UTC from an ISO 8601 time
std::string plural(std::int64_t count, std::string_view one, std::string_view many);  // "1 table", "1,234 tables"

// Fields of a JSON object that may be missing, null or of another type.
const json& field(const json& object, std::string_view key);  // null when missing
std::string text_of(const json& value);                       // "" for null; numbers and booleans as text
std::string text_field(const json& object, std::string_view key);
std::optional<double> number_of(const json& value);  // also of numeric text
std::optional<std::int64_t> integer_field(const json& object, std::string_view key);
bool bool_field(const json& object, std::string_view key, bool otherwise);

Node new_list();
std::int64_t as_count(std::size_t n);
// A list, and has_<name> beside it: mustache cannot ask whether a list is empty without entering it.
void set_list(Node& data, const std::string& name, Node list);
// How many of total are not among the shown ones; false when all are.
void set_more(Node& data, const std::string& key, std::int64_t total, std::size_t shown);
// A mustache variable that is false (hides its section) when the text is empty.
Node optional_text(const std::string& text);
// {label, value} for a definition list; nothing is added when the value is empty.
void add_fact(Node& list, const std::string& label, const std::string& value);

std::string svg_gauge(int score, std::string_view kind);           // 0..100 with the number in it
std::string svg_badge(std::string_view kind);                      // tick, cross or exclamation mark in a disc
std::string svg_bar(double first, double second, double maximum);  // two stacked parts

std::string render(std::string_view page_template, Node& data, const std::string& title);

}  // namespace lakemover::loader::report
