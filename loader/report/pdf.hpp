// An HTML report as PDF, by WeasyPrint as a program of its own: it gets the page and nothing else, neither our
// environment nor a file. Throws nothing: a report without its PDF is still a report.
#pragma once
#include <chrono>
#include <string>

namespace lakemover::loader {

struct Pdf {
    std::string bytes;    // empty: none was made
    std::string problem;  // why, and what to do
};

Pdf html_to_pdf(const std::string& html, std::chrono::seconds timeout = std::chrono::seconds(300));

}  // namespace lakemover::loader
