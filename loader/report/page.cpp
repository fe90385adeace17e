// The page around a report's body, and its drawings.
#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <utility>

#include "loader/report/html.hpp"
#include "loader/util/error.hpp"
#include "loader_templates.hpp"

namespace lakemover::loader::report {
namespace {

std::string sha256_base64(std::string_view text) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int length = 0;
    if (EVP_Digest(text.data(), text.size(), digest.data(), &length, EVP_sha256(), nullptr) != 1)
        throw Error(Exit::kOther, "could not compute a SHA-256 digest");
    std::array<unsigned char, 4 * ((EVP_MAX_MD_SIZE + 2) / 3) + 1> encoded{};
    const int size = EVP_EncodeBlock(encoded.data(), digest.data(), static_cast<int>(length));
    return {encoded.begin(), encoded.begin() + size};
}

std::string render_template(std::string_view text, Node& data) {
    kainjow::mustache::mustache page{std::string(text)};
    page.set_custom_escape([](const std::string& value) { return escape(value); });
    std::string html = page.render(data);
    if (!page.is_valid()) throw Error(Exit::kOther, "a report template is not valid", page.error_message());
    return html;
}

}  // namespace

Node new_list() { return Node(Node::type::list); }

std::int64_t as_count(std::size_t n) { return static_cast<std::int64_t>(n); }

void set_list(Node& data, const std::string& name, Node list) {
    data["has_" + name] = list.is_non_empty_list();
    data[name] = std::move(list);
}

void set_more(Node& data, const std::string& key, std::int64_t total, std::size_t shown) {
    data[key] = total > as_count(shown) ? Node(format_count(total - as_count(shown))) : Node(false);
}

Node optional_text(const std::string& text) { return text.empty() ? Node(false) : Node(text); }

void add_fact(Node& list, const std::string& label, const std::string& value) {
    if (value.empty()) return;
    Node fact;
    fact["label"] = label;
    fact["value"] = value;
    list.push_back(fact);
}

// Colours are classes (so that dark mode and print can change them) with attributes behind them for renderers that
// do not apply a page's style sheet inside SVG, as WeasyPrint.
std::string svg_gauge(int score, std::string_view kind) {
    constexpr double kLength = 326.7256;  // circumference of r = 52
    const int shown = std::clamp(score, 0, 100);
    const char* colour = kind == "good" ? "#17693a" : kind == "warn" ? "#b06a00" : "#b3261e";
    std::string svg =
        fmt::format(R"(<svg viewBox="0 0 120 120" role="img" aria-label="Score {} of 100">)"
                    R"(<circle class="track" cx="60" cy="60" r="52" fill="none" stroke="#d9dee4" stroke-width="11"/>)",
                    score);
    if (shown > 0)
        svg += fmt::format(R"(<circle class="arc {}" cx="60" cy="60" r="52" fill="none" stroke="{}" stroke-width="11" )"
                           R"svg(stroke-dasharray="{:.2f} {:.2f}" transform="rotate(-90 60 60)"/>)svg",
                           kind, colour, kLength * shown / 100, kLength);
    return svg +
           fmt::format(
               R"(<text x="60" y="69" text-anchor="middle" font-size="36" font-family="sans-serif">{}</text>)"
               R"(<text class="of" x="60" y="87" text-anchor="middle" font-size="12" font-family="sans-serif">of 100</text></svg>)",
               score);
}

std::string svg_badge(std::string_view kind) {
    const char* colour = kind == "good"   ? "#17693a"
                         : kind == "warn" ? "#8a4b00"
                         : kind == "bad"  ? "#b3261e"
                                          : "#59636e";
    const char* path = kind == "good"   ? "M36 62l17 17 32-36"
                       : kind == "warn" ? "M60 32v34M60 82v3"
                       : kind == "bad"  ? "M42 42l36 36M78 42l-36 36"
                                        : "M40 60h40";
    return fmt::format(
        R"(<svg viewBox="0 0 120 120" aria-hidden="true"><circle class="disc {}" cx="60" cy="60" r="54" fill="{}"/>)"
        R"(<path class="glyph" d="{}" fill="none" stroke="#fff" stroke-width="10" stroke-linecap="round" stroke-linejoin="round"/></svg>)",
        kind, colour, path);
}

std::string svg_bar(double first, double second, double maximum) {
    const double scale = maximum > 0 ? 1000 / maximum : 0;
    // A part that exists is always visible.
    const auto width = [scale](double part) { return part > 0 ? std::max(2.0, part * scale) : 0.0; };
    const double a = width(first);
    const double b = std::min(width(second), 1000 - std::min(a, 1000.0) + 2);
    std::string svg = R"(<svg viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true">)";
    if (a > 0) svg += fmt::format(R"(<rect class="fill" width="{:.0f}" height="10" fill="#3b7dc4"/>)", a);
    if (b > 0)
        svg += fmt::format(R"(<rect class="fill2" x="{:.0f}" width="{:.0f}" height="10" fill="#a9c6e6"/>)", a, b);
    return svg + "</svg>";
}

std::string render(std::string_view page_template, Node& data, const std::string& title) {
    data["version"] = LAKEMOVER_VERSION;
    Node page;
    page["body"] = render_template(page_template, data);
    page["title"] = title;
    page["version"] = LAKEMOVER_VERSION;
    page["css"] = std::string(templates::kReportCss);
    page["js"] = std::string(templates::kReportJs);
    page["css_hash"] = sha256_base64(templates::kReportCss);
    page["js_hash"] = sha256_base64(templates::kReportJs);
    return render_template(templates::kPageMustache, page);
}

}  // namespace lakemover::loader::report
