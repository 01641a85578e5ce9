#include "tensor/device.h"

#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tensor/empty.h"
#include "tests/testing.h"

namespace hollow {
namespace {

using testing::expect_error;
using ::testing::HasSubstr;

TEST(DeviceTest, PrintsAsItIsRead) {
  for (const Device device :
       {Device::cpu(), Device::meta(), Device::cuda(), Device::cuda(3), Device::cuda(127)}) {
    const absl::StatusOr<Device> read = Device::parse(to_string(device));
    ASSERT_TRUE(read.ok()) << device;
    EXPECT_EQ(*read, device);
  }
  std::ostringstream out;
  out << Device::cpu() << " " << Device::meta() << " " << Device::cuda() << " " << Device::cuda(12);
  EXPECT_EQ(out.str(), "cpu meta cuda:0 cuda:12");
  EXPECT_EQ(*Device::parse("cuda"), Device::cuda(0));
}

TEST(DeviceTest, WhatIsNoDeviceIsRefusedWithTheList) {
  for (const char* const text :
       {"", "CPU", "cpu ", "cpu:0", "meta:0", "cuda:", "cuda:-1", "cuda:+1", "cuda:1x", "cuda: 1",
        "cuda:128", "cuda:99999999999", "gpu", "cuda1"}) {
    const absl::StatusOr<Device> read = Device::parse(text);
    ASSERT_FALSE(read.ok()) << text;
    EXPECT_EQ(read.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(read.status().message()), HasSubstr("cpu, meta, cuda, cuda:N"));
    EXPECT_THAT(std::string(read.status().message()), HasSubstr(text));
  }
}

TEST(DeviceTest, KnowsWhatItIs) {
  EXPECT_TRUE(Device::cpu().is_cpu());
  EXPECT_FALSE(Device::cpu().is_meta());
  EXPECT_TRUE(Device::meta().is_meta());
  EXPECT_FALSE(Device::meta().is_cuda());
  EXPECT_TRUE(Device::cuda(5).is_cuda());
  EXPECT_EQ(Device::cuda(5).index(), 5);
  EXPECT_NE(Device::cuda(5), Device::cuda(6));
  EXPECT_NE(Device::cpu(), Device::meta());
}

TEST(DeviceTest, AnIndexOutOfRangeIsAnError) {
  expect_error(ErrorCode::kValue, {"Device::cuda", "-1", "0 to 127"}, [] { Device::cuda(-1); });
  expect_error(ErrorCode::kValue, {"Device::cuda", "128"}, [] { Device::cuda(128); });
}

TEST(DeviceTest, ADeviceThatIsNotThereIsAnErrorOfTheFirstAllocation) {
  EXPECT_EQ(Device::why_no_cuda().empty(), Device::cuda_count() > 0);
  expect_error(ErrorCode::kDevice, {"empty"}, [] { empty({2}, {.device = Device::cuda(127)}); });
  expect_error(ErrorCode::kDevice, {"empty"}, [] { empty({0}, {.device = Device::cuda(127)}); });
}

TEST(DeviceScopeTest, SetsTheDeviceAndGivesItBack) {
  EXPECT_EQ(default_device(), Device::cpu());
  {
    const DeviceScope meta(Device::meta());
    EXPECT_EQ(default_device(), Device::meta());
    EXPECT_TRUE(empty({3}).is_meta());
    EXPECT_FALSE(empty({3}, {.device = Device::cpu()}).is_meta());
    {
      const DeviceScope cuda(Device::cuda(7));
      EXPECT_EQ(default_device(), Device::cuda(7));
      {
        const DeviceScope cpu(Device::cpu());
        EXPECT_EQ(default_device(), Device::cpu());
      }
      EXPECT_EQ(default_device(), Device::cuda(7));
    }
    EXPECT_EQ(default_device(), Device::meta());
  }
  EXPECT_EQ(default_device(), Device::cpu());
}

TEST(DeviceScopeTest, AnExceptionGivesItBackToo) {
  const DeviceScope outer(Device::cuda(2));
  try {
    const DeviceScope scope(Device::meta());
    const DeviceScope inner(Device::cpu());
    throw std::runtime_error("out");
  } catch (const std::runtime_error&) {
  }
  EXPECT_EQ(default_device(), Device::cuda(2));
}

TEST(DeviceScopeTest, IsThisThreadsAlone) {
  const DeviceScope scope(Device::meta());
  Device before = Device::meta(), within = Device::meta();
  std::thread([&] {
    before = default_device();
    const DeviceScope other(Device::cuda(1));
    within = default_device();
  }).join();
  EXPECT_EQ(before, Device::cpu());
  EXPECT_EQ(within, Device::cuda(1));
  EXPECT_EQ(default_device(), Device::meta());
}

}  // namespace
}  // namespace hollow
