#include "tests/tidy/source_text.hpp"

#include <algorithm>
#include <cctype>
#include <utility>

namespace logdist::tidy {
namespace {

/// Overwrites [begin, end) with spaces; line breaks stay.
void blank(std::string& text, std::size_t begin, std::size_t end) {
  for (std::size_t at = begin; at < end; ++at) {
    if (text[at] != '\n') text[at] = ' ';
  }
}

/// End of the literal whose quote is at `open`, its closing quote excluded.
std::size_t end_of_literal(std::string_view text, std::size_t open) {
  std::size_t at = open + 1;
  while (at < text.size() && text[at] != text[open] && text[at] != '\n') at += text[at] == '\\' ? 2U : 1U;
  return std::min(at, text.size());
}

/// The same for a raw string: R"delimiter( … )delimiter".
std::size_t end_of_raw_string(std::string_view text, std::size_t open) {
  const std::size_t bracket = std::min(text.find('(', open), text.size());
  const std::string closing = ")" + std::string(text.substr(open + 1, bracket - open - 1)) + "\"";
  const std::size_t end = text.find(closing, bracket);
  return end == std::string_view::npos ? text.size() : end + closing.size() - 1;
}

bool is_word(char character) { return std::isalnum(static_cast<unsigned char>(character)) != 0 || character == '_'; }

/// Whether the `'` at `at` parts digits, as in 10'000.
bool is_digit_separator(std::string_view text, std::size_t at) {
  return at > 0 && at + 1 < text.size() && std::isxdigit(static_cast<unsigned char>(text[at - 1])) != 0 &&
         std::isxdigit(static_cast<unsigned char>(text[at + 1])) != 0;
}

/// Whether the `"` at `at` opens the file name of an #include, which is kept.
bool is_include_name(std::string_view text, std::size_t at) {
  const std::size_t newline = at == 0 ? std::string_view::npos : text.rfind('\n', at - 1);
  const std::size_t line = newline == std::string_view::npos ? 0 : newline + 1;
  return text.substr(line, at - line).starts_with("#include ");
}

}  // namespace

SourceText::SourceText(std::string path, std::string text)
    : path_(std::move(path)), text_(std::move(text)), code_(text_), prose_(text_) {
  blank_comments_and_literals();
}

void SourceText::blank_comments_and_literals() {
  const std::string_view text = text_;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text.substr(at, 2) == "//") {
      const std::size_t end = std::min(text.find('\n', at), text.size());
      blank(code_, at, end);
      at = end;
    } else if (text.substr(at, 2) == "/*") {
      const std::size_t close = text.find("*/", at + 2);
      const std::size_t end = close == std::string_view::npos ? text.size() : close + 2;
      blank(code_, at, end);
      at = end - 1;
    } else if (text[at] == '"' || (text[at] == '\'' && !is_digit_separator(text, at))) {
      const bool raw = text[at] == '"' && at > 0 && text[at - 1] == 'R' && (at < 2 || !is_word(text[at - 2]));
      const std::size_t end = raw ? end_of_raw_string(text, at) : end_of_literal(text, at);
      if (!is_include_name(text, at)) {
        blank(code_, at + 1, end);
        blank(prose_, at + 1, end);
      }
      at = end;
    }
  }
}

std::size_t SourceText::line_count() const {
  return static_cast<std::size_t>(std::count(text_.begin(), text_.end(), '\n'));
}

std::size_t SourceText::line_of(std::size_t position) const {
  const auto end = text_.begin() + static_cast<std::ptrdiff_t>(std::min(position, text_.size()));
  return static_cast<std::size_t>(std::count(text_.begin(), end, '\n')) + 1;
}

}  // namespace logdist::tidy
