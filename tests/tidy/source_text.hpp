// A C++ source as the rules read it: with and without its comments and literals.
//
// No parser: a scanner that knows comments, string and character literals and
// raw strings. All views have the same lines and columns, so that a place found
// in one is a place in all.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace logdist::tidy {

class SourceText {
 public:
  /// `path` is relative to the repository's root, with `/`.
  SourceText(std::string path, std::string text);

  const std::string& path() const { return path_; }
  /// As it is in the file.
  const std::string& text() const { return text_; }
  /// Comments and the insides of literals blanked.
  const std::string& code() const { return code_; }
  /// The insides of literals blanked, comments kept.
  const std::string& prose() const { return prose_; }

  std::size_t line_count() const;
  /// 1-based line of a position in any view.
  std::size_t line_of(std::size_t position) const;

  bool is_header() const { return path_.ends_with(".hpp"); }
  bool is_under(std::string_view folder) const { return path_.starts_with(folder); }

 private:
  void blank_comments_and_literals();

  std::string path_;
  std::string text_;
  std::string code_;
  std::string prose_;
};

}  // namespace logdist::tidy
