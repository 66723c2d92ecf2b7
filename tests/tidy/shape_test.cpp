#include "tests/tidy/shape.hpp"

#include <gtest/gtest.h>

#include <string>

namespace logdist::tidy {
namespace {

std::string lines(std::size_t count) {
  std::string text;
  for (std::size_t line = 0; line < count; ++line) text += "  call({1, 2});\n";
  return text;
}

std::vector<Function> functions_in(const std::string& text) { return functions_of(SourceText("src/base/a.cpp", text)); }

void expect_one(const std::string& text, std::size_t line, std::size_t line_count) {
  const auto functions = functions_in(text);
  ASSERT_EQ(functions.size(), 1U) << text;
  EXPECT_EQ(functions[0].line, line) << text;
  EXPECT_EQ(functions[0].line_count, line_count) << text;
}

TEST(Shape, MeasuresFunctions) {
  expect_one("int f() { return 1; }\n", 1, 1);
  expect_one("\nvoid f(int a,\n       int b) {\n" + lines(3) + "}\n", 2, 6);
  expect_one("namespace x {\n\nauto f() -> int {\n" + lines(2) + "}\n\n}  // namespace x\n", 3, 4);
  expect_one("TEST(A, B) {\n  if (a) {\n    for (;;) {\n    }\n  }\n}\n", 1, 6);
  expect_one("#define A {\nvoid f() noexcept {\n}\n", 2, 2);
}

TEST(Shape, MeasuresMembersAndTemplates) {
  expect_one("class [[nodiscard]] A final : public B<void()> {\n public:\n  int f() const override {\n  }\n};\n", 3, 2);
  expect_one("template <typename T, typename U = A<T>>\nstruct A {\n  T f() {\n  }\n};\n", 3, 2);
  expect_one("template <typename T>\nT f(T a) {\n  return a;\n}\n", 1, 4);
}

TEST(Shape, TellsInitializersFromBodies) {
  expect_one("A::A() : a_{1}, b_{{2}, 3} {\n  c();\n}\n", 1, 3);
  expect_one("A::A()\n    : a_(1),\n      b_{2} {}\n", 1, 3);
  expect_one("constexpr std::array<int, 2> numbers{\n    1,\n    2,\n};\n\nint f() {\n}\n", 6, 2);
  expect_one("const A all = {\n    {1, 2},\n    {3, 4},\n};\nint f() {\n}\n", 5, 2);
  expect_one("struct A {\n  int a = 1;\n  B b{1, 2};\n  int f(int a = {}) {\n  }\n};\n", 4, 2);
}

TEST(Shape, LambdasBelongToTheirFunction) {
  expect_one("void f() {\n  run([&](int a) {\n    g(a);\n  });\n  for (int i = 0; i < 3; ++i) {\n  }\n}\n", 1, 7);
}

TEST(Shape, FindsEveryFunction) {
  EXPECT_EQ(
      functions_in("int f() {\n  return 1;\n}\n\nint g() {\n  return 2;\n}\nenum class E { a, b };\nint h() {\n}\n")
          .size(),
      3U);
}

TEST(Shape, LongFunctionsBite) {
  const auto faults_of = [](std::size_t body) {
    return check_shape(SourceText("src/base/a.cpp", "namespace x {\nvoid f() {\n" + lines(body) + "}\n}\n"));
  };
  EXPECT_TRUE(faults_of(function_lines_max - 2).empty());
  ASSERT_EQ(faults_of(function_lines_max - 1).size(), 1U);
  EXPECT_EQ(faults_of(function_lines_max - 1)[0].line, 2U);
}

TEST(Shape, LongFilesBite) {
  EXPECT_TRUE(check_shape(SourceText("src/base/a.cpp", std::string(file_lines_max, '\n'))).empty());
  EXPECT_EQ(check_shape(SourceText("src/base/a.cpp", std::string(file_lines_max + 1, '\n'))).size(), 1U);
}

TEST(Shape, HeadersBeginWithTheirPurpose) {
  const auto faults_of = [](const std::string& text) {
    return check_shape(SourceText("include/logdist/base/a.hpp", text));
  };
  EXPECT_TRUE(faults_of("// What it is for.\n//\n// More.\n#pragma once\n").empty());
  EXPECT_EQ(faults_of("#pragma once\n// What it is for.\n").size(), 1U);
  EXPECT_EQ(faults_of("// What it is for.\n#ifndef A\n").size(), 1U);
  EXPECT_EQ(faults_of("").size(), 1U);
}

}  // namespace
}  // namespace logdist::tidy
