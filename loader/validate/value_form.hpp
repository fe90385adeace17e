// The re-read's own way from a field to its canonical bytes: it decodes the value and writes it anew. Written apart
// from codec/canonical.cpp on purpose. Also the readable form of a value for reports. Throws codec::ValueError.
#pragma once
#include <string>
#include <string_view>

#include "codec/canonical.hpp"
#include "codec/stream_digester.hpp"

namespace lakemover::loader {

void append_canonical(std::string& out, const codec::Form& form, codec::Format format, std::string_view bytes);

// As psql would show it, where the type is known; else \x and hexadecimal digits. Never throws on malformed values.
std::string display_value(const codec::Form& form, codec::Format format, std::string_view bytes);

std::string to_hex(std::string_view bytes);

}  // namespace lakemover::loader
