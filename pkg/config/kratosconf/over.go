package kratosconf

// Over returns the configuration laid over defaults, which Kratos does with those of
// its schema. The values of the configuration stay as they are; those that both have
// remember the default as the value that they hide.
func (c *Config) Over(defaults *Value) *Value { return merge(defaults, c.Root) }
