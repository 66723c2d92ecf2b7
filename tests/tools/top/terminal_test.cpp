// What a terminal shows of a picture.
#include "tools/top/terminal.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <vector>

namespace logdist::tools {
namespace {

using testing::ElementsAre;

/// A screen without wrapping: behind its last column the cursor stays on that column.
class Screen {
 public:
  Screen(std::size_t columns, std::size_t rows) : columns_(columns), rows_(rows, std::string(columns, '#')) {}

  void take(std::string_view text) {
    while (!text.empty()) {
      if (skip(text, "\x1b[H")) {
        row_ = column_ = 0;
      } else if (skip(text, "\x1b[K")) {
        clear(row_, column_);
      } else if (skip(text, "\x1b[J")) {
        for (std::size_t row = row_; row < rows_.size(); ++row) clear(row, row == row_ ? column_ : 0);
      } else if (skip(text, "\r\n")) {
        column_ = 0;
        if (++row_ == rows_.size()) scroll();
      } else {
        rows_[row_][column_] = text.front();
        column_ = std::min(column_ + 1, columns_ - 1);
        text.remove_prefix(1);
      }
    }
  }

  const std::vector<std::string>& rows() const { return rows_; }

 private:
  static bool skip(std::string_view& text, std::string_view sequence) {
    if (!text.starts_with(sequence)) return false;
    text.remove_prefix(sequence.size());
    return true;
  }

  void clear(std::size_t row, std::size_t from) {
    std::fill(rows_[row].begin() + static_cast<long>(from), rows_[row].end(), ' ');
  }

  void scroll() {
    rows_.erase(rows_.begin());
    rows_.emplace_back(columns_, ' ');
    row_ = rows_.size() - 1;
  }

  const std::size_t columns_;
  std::vector<std::string> rows_;
  std::size_t row_ = 0;
  std::size_t column_ = 0;
};

TEST(Terminal, ALineAsWideAsTheScreenIsWhole) {
  Screen screen(5, 4);
  screen.take(picture_of("12345\nab\nABCDE"));
  EXPECT_THAT(screen.rows(), ElementsAre("12345", "ab   ", "ABCDE", "     ")) << "and nothing is left of before";
}

TEST(Terminal, AFullScreenDoesNotScroll) {
  Screen screen(3, 3);
  screen.take(picture_of("abc\nde\nfgh"));
  EXPECT_THAT(screen.rows(), ElementsAre("abc", "de ", "fgh"));
  screen.take(picture_of("x\n\ny"));
  EXPECT_THAT(screen.rows(), ElementsAre("x  ", "   ", "y  "));
  screen.take(picture_of(""));
  EXPECT_THAT(screen.rows(), ElementsAre("   ", "   ", "   "));
}

}  // namespace
}  // namespace logdist::tools
