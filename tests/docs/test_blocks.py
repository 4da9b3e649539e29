"""What the tests of pages see in a page."""

from __future__ import annotations

import pytest
from blocks import Block, blocks

pytestmark = pytest.mark.unit

PAGE = """\
# A page

<!-- setup
n = 1
-->
```python
print(n)
```

- in a list

    ```bash title="how"
    if true; then
      ls
    fi
    ```

<!-- not run: needs a cluster -->

```python
far()
```
"""


def test_blocks_comments_and_reasons() -> None:
    assert list(blocks(PAGE)) == [
        Block("python", "n = 1\n", 4),
        Block("python", "print(n)\n", 7),
        Block("bash", "if true; then\n  ls\nfi\n", 13),
        Block("python", "far()\n", 21, "needs a cluster"),
    ]


@pytest.mark.parametrize(
    ("page", "problem"),
    [
        ("```python\nn = 1\n", "line 1: what begins there does not end"),
        ("text\n<!-- setup n = 1 -->\n", "line 2: write"),
        ("<!-- not run: -->\n", "line 1: write"),
        ("<!-- not run: slow -->\ntext\n```python\n```\n", "line 2: there is no block"),
    ],
)
def test_what_is_not_as_it_should_be(page: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        list(blocks(page))
