package release

import _ "github.com/rhysd/actionlint"
