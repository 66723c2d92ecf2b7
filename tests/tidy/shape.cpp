#include "tests/tidy/shape.hpp"

#include <array>
#include <cctype>
#include <string_view>

namespace logdist::tidy {
namespace {

enum class Block { scope, function, inner, initializer };

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \n") - begin + 1);
}

/// `head` without a leading template<…>.
std::string_view without_template(std::string_view head) {
  if (!head.starts_with("template")) return head;
  int depth = 0;
  for (std::size_t at = head.find('<'); at < head.size(); ++at) {
    if (head[at] == '<') ++depth;
    if (head[at] == '>' && --depth == 0) return trimmed(head.substr(at + 1));
  }
  return head;
}

bool opens_scope(std::string_view head) {
  head = without_template(head);
  for (const std::string_view word :
       {"namespace", "inline namespace", "class", "struct", "union", "enum", "extern \""}) {
    if (head.starts_with(word) && (word.ends_with('"') || head.size() == word.size() || head[word.size()] == ' ')) {
      return true;
    }
  }
  return false;
}

bool ends_access_label(std::string_view code) {
  return code.ends_with(" public") || code.ends_with(" protected") || code.ends_with(" private");
}

/// Walks the braces of a source. clang-format sets a space before the brace of a
/// block and none before an initializer's, unless `=`, `,`, `(` or `return` leads.
class BraceWalk {
 public:
  explicit BraceWalk(const SourceText& source) : source_(source), code_(source.code()) {}

  std::vector<Function> functions() {
    for (std::size_t at = 0; at < code_.size(); ++at) {
      switch (code_[at]) {
        case '#': at = end_of_directive(at); break;
        case '{': open(at); break;
        case ':':
          if (ends_access_label(code_.substr(0, at))) begin_head(at + 1);
          break;
        case '}': close(at); break;
        case ';':
          if (parens_ == 0) begin_head(at + 1);
          break;
        case '(': ++parens_; break;
        case ')': --parens_; break;
        default: break;
      }
    }
    return std::move(found_);
  }

 private:
  struct Opened {
    Block block;
    std::size_t head;
    int parens;  ///< open outside of the block, none of its own
  };

  bool in(Block block) const { return !opened_.empty() && opened_.back().block == block; }
  void begin_head(std::size_t at) { head_ = at; }

  std::size_t end_of_directive(std::size_t at) {
    while (at < code_.size() && (code_[at] != '\n' || code_[at - 1] == '\\')) ++at;
    begin_head(at);
    return at;
  }

  Block kind_of(std::size_t brace) const {
    const std::string_view head = trimmed(code_.substr(head_, brace - head_));
    const bool spaced = brace > 0 && (code_[brace - 1] == ' ' || code_[brace - 1] == '\n');
    if (in(Block::function) || in(Block::inner)) return Block::inner;
    if (opens_scope(head)) return Block::scope;
    const char last = head.empty() ? '\0' : head.back();
    if (!spaced || in(Block::initializer) || last == '=' || last == ',' || last == '(') return Block::initializer;
    return head.empty() ? Block::inner : Block::function;
  }

  void open(std::size_t at) {
    opened_.push_back({kind_of(at), head_, parens_});
    if (!in(Block::initializer)) {
      parens_ = 0;
      begin_head(at + 1);
    }
  }

  void close(std::size_t at) {
    if (opened_.empty()) return;
    const Opened block = opened_.back();
    opened_.pop_back();
    if (block.block == Block::function) {
      const std::size_t first = code_.find_first_not_of(" \n", block.head);
      const std::size_t line = source_.line_of(first);
      const std::string head(code_.substr(first, code_.find('\n', first) - first));
      found_.push_back({head, line, source_.line_of(at) - line + 1});
    }
    parens_ = block.parens;
    if (block.block != Block::initializer) begin_head(at + 1);
  }

  const SourceText& source_;
  const std::string_view code_;
  std::vector<Opened> opened_;
  std::vector<Function> found_;
  std::size_t head_ = 0;  ///< where the present statement began
  int parens_ = 0;
};

/// What is wrong with how a header begins; empty when nothing is.
std::string judge_head(const SourceText& source) {
  const std::string_view text = source.text();
  if (!text.starts_with("// ")) return "a header begins with its purpose: // …";
  std::size_t at = 0;
  while (text.substr(at).starts_with("//")) at = text.find('\n', at) + 1;
  if (!text.substr(at).starts_with("#pragma once\n")) return "#pragma once follows the purpose";
  return {};
}

}  // namespace

std::vector<Function> functions_of(const SourceText& source) { return BraceWalk(source).functions(); }

Faults check_shape(const SourceText& source) {
  Faults faults;
  if (source.line_count() > file_lines_max) {
    faults.push_back(
        {source.path(), 0,
         std::to_string(source.line_count()) + " lines; a file has at most " + std::to_string(file_lines_max)});
  }
  for (const Function& function : functions_of(source)) {
    if (function.line_count <= function_lines_max) continue;
    faults.push_back({source.path(), function.line,
                      std::to_string(function.line_count) + " lines; a function has at most " +
                          std::to_string(function_lines_max) + ": " + function.head});
  }
  if (source.is_header()) {
    std::string what = judge_head(source);
    if (!what.empty()) faults.push_back({source.path(), 1, std::move(what)});
  }
  return faults;
}

}  // namespace logdist::tidy
