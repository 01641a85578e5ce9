#include "tensor/index.h"

#include <cstdint>

#include "gtest/gtest.h"
#include "tensor/factory.h"
#include "tensor/tensor.h"

namespace hollow {
namespace {

// Element i of a layout, counted from its offset, by index arithmetic.
int64_t place(const Layout& layout, int64_t i) {
  int64_t at = 0;
  for (size_t d = layout.shape.size(); d-- > 0;) {
    at += i % layout.shape[d] * layout.strides[d];
    i /= layout.shape[d];
  }
  return at;
}

void expect_index(const Layout& a, const Layout& b, int rank, bool contiguous) {
  const kernels::Strided<2> index = index_of({&a, &b});
  EXPECT_EQ(index.numel, a.numel());
  EXPECT_EQ(index.rank, rank);
  EXPECT_EQ(index.contiguous, contiguous);
  for (int64_t i = 0; i < index.numel; ++i) {
    ASSERT_EQ(index.offset(0, i), place(a, i)) << i;
    ASSERT_EQ(index.offset(1, i), place(b, i)) << i;
  }
}

TEST(IndexTest, AsFewDimensionsAsTheStridesAllow) {
  const Tensor tensor = empty({2, 3, 4, 5});
  const Layout& whole = tensor.layout();
  expect_index(whole, whole, 1, true);
  expect_index(empty({}).layout(), empty({}).layout(), 0, true);
  expect_index(empty({1, 1}).layout(), empty({1, 1}).layout(), 0, true);
  expect_index(empty({2, 0}).layout(), empty({2, 0}).layout(), 2, false);

  const Layout turned = empty({3, 2, 4, 5}).transpose(0, 1).layout();
  expect_index(whole, turned, 3, false);
  const Layout row = empty({5}).expand({2, 3, 4, 5}).layout();
  expect_index(whole, row, 2, false);
  const Layout scalar = empty({}).expand({2, 3, 4, 5}).layout();
  expect_index(whole, scalar, 1, false);
  expect_index(scalar, scalar, 1, false);
  const Layout gaps = empty({2, 3, 4, 6}).narrow(3, 1, 5).layout();
  expect_index(whole, gaps, 2, false);
  expect_index(gaps, gaps, 2, false);
  const Layout column = empty({7, 3}).select(1, 1).layout();
  expect_index(column, column, 1, false);
  expect_index(column, empty({7}).layout(), 1, false);
}

TEST(IndexTest, EightDimensionsThatDoNotJoin) {
  const Tensor tensor = empty({2, 2, 2, 2, 2, 2, 2, 2}).permute({7, 6, 5, 4, 3, 2, 1, 0});
  const Tensor other = empty({2, 2, 2, 2, 2, 2, 2, 2});
  expect_index(tensor.layout(), other.layout(), 8, false);
}

TEST(IndexTest, SizesOfOneDoNotCount) {
  expect_index(empty({2, 1, 3}).layout(), empty({2, 3, 1}).permute({0, 2, 1}).layout(), 1, true);
}

}  // namespace
}  // namespace hollow
