// Whether two views of one storage share an element.
#ifndef HOLLOW_TENSOR_OVERLAP_H_
#define HOLLOW_TENSOR_OVERLAP_H_

#include "tensor/shape.h"

namespace hollow {

// Exact. In the number of dimensions for views that narrow, select, transpose, permute and expand
// make of a dense tensor, however large it is; else in the number of their contiguous runs.
bool overlaps(const Layout& a, const Layout& b);

}  // namespace hollow

#endif  // HOLLOW_TENSOR_OVERLAP_H_
