// All of Hollow: tensors with a life cycle, and modules that name them.
#ifndef HOLLOW_HOLLOW_H_
#define HOLLOW_HOLLOW_H_

#include "nn/containers.h"
#include "nn/identity.h"
#include "nn/init.h"
#include "nn/layer_scale.h"
#include "nn/linear.h"
#include "nn/module.h"
#include "tensor/device.h"
#include "tensor/dtype.h"
#include "tensor/error.h"
#include "tensor/factory.h"
#include "tensor/format.h"
#include "tensor/memory.h"
#include "tensor/ops/allclose.h"
#include "tensor/ops/elementwise.h"
#include "tensor/ops/fill.h"
#include "tensor/ops/layer_scale.h"
#include "tensor/ops/linear.h"
#include "tensor/ops/random.h"
#include "tensor/ops/reduce.h"
#include "tensor/placement.h"
#include "tensor/rng_key.h"
#include "tensor/stream.h"
#include "tensor/tensor.h"
#include "tensor/threads.h"
#include "version.h"

#endif  // HOLLOW_HOLLOW_H_
